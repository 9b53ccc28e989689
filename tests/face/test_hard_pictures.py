"""Every hard picture is tried, each with what is expected of it."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.geometry import similarity, transform
from paddle_mfs.face.image import read_image
from paddle_mfs.utils.errors import UserError
from tests.face.conftest import HARD

PICTURES = sorted(str(p.relative_to(HARD)) for p in HARD.rglob("*") if p.is_file())
UNREADABLE = {
    "formats/empty.jpg": "empty",
    "formats/truncated.jpg": "truncated",
    "formats/text_as.jpg": "not a picture",
}
# same 512 px picture, so the same landmarks: largest mean distance allowed, in pixels
SAME_LANDMARKS = {
    "formats/cmyk.jpg": 1,
    "formats/exif_orientation_3.jpg": 1,
    "formats/exif_orientation_6.jpg": 1,
    "formats/exif_orientation_8.jpg": 1,
    "formats/gray_L.jpg": 4,
    "formats/gray_L.png": 4,
    "formats/gray_LA.png": 4,
    "formats/palette.png": 1,
    "formats/rgb16.png": 0.5,
    "formats/rgba_transparent_top.png": 2,
    "formats/upright_reference.png": 0,
    "formats/webp.webp": 1,
}
# name -> size of the picture, roll in degrees; the landmarks are those of the reference moved by a similarity
MOVED = {
    "formats/roll45.jpg": -45,
    "formats/upsidedown_no_exif.jpg": 180,
    "formats/small64.png": 0,
    "formats/large4000.jpg": 0,
}


def test_the_pictures_are_there():
    assert len(PICTURES) >= 32
    assert {*UNREADABLE, *SAME_LANDMARKS, *MOVED} == {p for p in PICTURES if p.startswith("formats/")}


@pytest.mark.parametrize("picture", PICTURES)
def test_outcome(picture, analyser, reference, hard):
    path = hard / picture
    if picture in UNREADABLE:
        with pytest.raises(UserError, match=UNREADABLE[picture]) as caught:
            read_image(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        return
    image = read_image(path)
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.flags.c_contiguous
    if picture.startswith("tiny/"):
        assert len(analyser.faces(image, small=True)) >= 25
        return
    face = analyser.largest(image, picture)
    assert face.presence > 0.9 and face.score > 0.7
    yaw, _, roll = face.pose
    if picture in SAME_LANDMARKS:
        error = np.linalg.norm(face.landmarks[:, :2] - reference.landmarks[:, :2], axis=1).mean()
        assert error <= SAME_LANDMARKS[picture]
    elif picture in MOVED:
        assert abs((roll - MOVED[picture] + 180) % 360 - 180) < 4
        # the same shape within 2 % of the face, whatever the roll and the size
        matrix = similarity(face.landmarks[:, :2], reference.landmarks[:, :2])
        moved = transform(face.landmarks[:, :2].astype(np.float64), matrix)
        limit = 0.04 if image.shape[0] == 64 else 0.02
        assert np.linalg.norm(moved - reference.landmarks[:, :2], axis=1).mean() < limit * reference.size
    elif picture.startswith("profile/"):
        assert abs(yaw - int(picture.split("yaw")[1].split(".")[0])) < 8
    else:
        assert 0.35 * image.shape[0] < face.size < 0.75 * image.shape[0]
        assert abs(roll) < 12 and len(analyser.faces(image)) == 1


def _scene(face_image, sizes, shape, rng):
    """Noise with copies of a picture scaled to these sides, apart from each other -> image, top left corners."""
    image = rng.integers(200, 225, (*shape, 3), dtype=np.uint8)
    corners = []
    for index, size in enumerate(sizes):
        x, y = 40 + 130 * (index % 7), 40 + 110 * (index // 7)
        image[y : y + size, x : x + size] = cv2.resize(face_image, (size, size), interpolation=cv2.INTER_AREA)
        corners.append((x, y))
    return image, corners


def test_finds_every_small_face(analyser, reference, reference_image):
    # faces of 26 px and more, in a picture where they are too small for one look
    sizes = np.linspace(38, 90, 21).astype(int)
    image, corners = _scene(reference_image, sizes, (540, 960), np.random.default_rng(0))
    faces = analyser.faces(image, small=True)
    assert len(faces) == len(sizes)
    assert [f.size for f in faces] == sorted((f.size for f in faces), reverse=True)
    for size, corner in zip(sizes, corners):
        expected = reference.five * (size / 512) + np.array(corner)
        assert min(np.abs(face.five - expected).mean() for face in faces) < 0.06 * size


@pytest.mark.parametrize("turns", [0, 2])
def test_finds_a_40_px_face_in_a_large_picture_at_any_roll(analyser, reference, reference_image, turns):
    image = np.full((1500, 2000, 3), 128, np.uint8)
    side = round(40 * 512 / reference.size)
    small = cv2.resize(reference_image, (side, side), interpolation=cv2.INTER_AREA)
    image[900 : 900 + side, 1400 : 1400 + side] = np.rot90(small, turns)
    face = analyser.largest(image)
    assert 34 < face.size < 48
    assert 1400 < face.box[0] and face.box[2] < 1400 + side and 900 < face.box[1] and face.box[3] < 900 + side
    assert abs(abs(face.pose[2]) - 90 * turns) < 10


@pytest.mark.parametrize("roll", range(15, 360, 30))
def test_any_roll(analyser, reference, reference_image, roll):
    matrix = cv2.getRotationMatrix2D((255.5, 255.5), -roll, 0.7)
    turned = cv2.warpAffine(reference_image, matrix, (512, 512), borderMode=cv2.BORDER_REFLECT)
    face = analyser.largest(turned)
    expected = transform(reference.landmarks[:, :2].astype(np.float64), matrix)
    assert np.linalg.norm(face.landmarks[:, :2] - expected, axis=1).mean() < 0.02 * face.size


@pytest.mark.parametrize("turns", range(4))
def test_a_face_that_fills_the_picture(analyser, reference, reference_image, turns):
    x1, y1, x2, y2 = reference.box.astype(int)
    crop = np.ascontiguousarray(np.rot90(reference_image[y1 + 30 : y2 - 20, x1 + 20 : x2 - 20], turns))
    face = analyser.largest(crop)
    assert face.size > 0.9 * max(crop.shape)
