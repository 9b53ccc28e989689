"""The change of a crop, put into the picture it was cut from."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.geometry import compose, invert, scale_of
from paddle_mfs.face.paste import paste
from tests.face.test_geometry import matrix_of


@pytest.fixture()
def oval():
    """(224, 224, 1) float32: 1 in a face, feathered."""
    mask = np.zeros((224, 224), np.float32)
    cv2.ellipse(mask, (112, 125), (70, 85), 0, 0, 360, 1, -1)
    return cv2.GaussianBlur(mask, (0, 0), 3)[..., None]


@pytest.fixture()
def cut(reference, reference_image):
    """Crop of the picture's face, and the matrix that cuts it."""
    return align(reference_image, reference.five, 224)


def enlarged(change, matrix, shape):
    """What is to be added, in 8-bit steps, by OpenCV."""
    return 255 * cv2.warpAffine(change, invert(matrix), shape[1::-1], flags=cv2.INTER_CUBIC)


def test_no_change_leaves_every_pixel(cut, reference_image):
    crop, matrix = cut
    result = paste(reference_image, np.zeros((224, 224, 3), np.float32), matrix, crop, np.zeros((224, 224), np.float32))
    assert (result == reference_image).all() and result is not reference_image


def test_the_change_is_added_at_the_pictures_size(cut, oval, reference_image):
    _, matrix = cut
    y, x = np.mgrid[:224, :224].astype(np.float32)
    change = (0.3 * np.sin(np.stack([x, y, x + y], -1) / 9) * oval).astype(np.float32)
    before = reference_image.copy()
    result = paste(reference_image, change, matrix)
    assert result.dtype == np.uint8 and (reference_image == before).all()
    expected = (reference_image + enlarged(change, matrix, before.shape)).clip(0, 255)
    assert np.abs(result - expected).max() < 2.5 and np.abs(result - expected).mean() < 0.4


def test_what_is_finer_than_the_crop_stays():
    """Grain on a face eight times as large as its crop: the change moves its mean and leaves the grain."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 131, (1792, 1792, 3), dtype=np.uint8)
    change = np.full((224, 224, 3), 0.2, np.float32)
    result = paste(image, change, np.array([[1 / 8, 0, 0], [0, 1 / 8, 0]]))
    core = slice(200, 1500)
    moved = result[core, core].astype(int) - image[core, core]
    assert moved.min() == moved.max() == 51


def test_damping_takes_away_what_is_finer_than_the_crop():
    rng = np.random.default_rng(0)
    image = rng.integers(90, 131, (1792, 1792, 3), dtype=np.uint8)
    crop, matrix = np.full((224, 224, 3), 110, np.uint8), np.array([[1 / 8, 0, 0], [0, 1 / 8, 0]])
    damping, change = np.zeros((224, 224), np.float32), np.full((224, 224, 3), 0.2, np.float32)
    damping[:, :112], damping[:, 112:] = 1, 0.5
    result = paste(image, change, matrix, crop, damping).astype(int)
    assert np.abs(result[200:1500, 200:800] - (110 + 51)).max() <= 1
    half, grain = result[200:1500, 1000:1500] - (110 + 51), image[200:1500, 1000:1500].astype(int) - 110
    assert np.abs(half - grain / 2).max() <= 1


def test_nothing_changes_where_no_change_is(cut, oval, reference_image):
    _, matrix = cut
    result = paste(reference_image, -0.5 * oval * np.ones(3, np.float32), matrix)
    reach = cv2.warpAffine(cv2.dilate(oval, np.ones((7, 7))), invert(matrix), reference_image.shape[1::-1]) > 0
    changed = (result != reference_image).any(-1)
    assert not changed[~reach].any() and changed.sum() > 20000


@pytest.mark.parametrize("scale", [1.2, 1.7, 2.3, 4.6])
def test_a_small_face_gets_the_mean_of_what_each_pixel_covers(scale):
    """Stripes two pixels of the crop wide, which no small face can show: what arrives is their mean, without moire."""
    stripes = np.where(np.arange(224) % 2, 0.4, 0.0).astype(np.float32)
    change = np.repeat(np.repeat(stripes[None, :, None], 224, 0), 3, 2)
    matrix = np.array([[scale, 0, -20.0], [0, scale, -20]])
    result = paste(np.full((300, 300, 3), 90, np.uint8), change, matrix).astype(int)
    low, high = (int((20 + edge) / scale) for edge in (30, 194))
    core = result[low:high, low:high]
    assert abs(core.mean() - (90 + 51)) < 2
    assert scale < 2 or core.max() - core.min() <= 26


def test_a_small_face_is_not_shifted(oval):
    change, matrix = oval * np.float32([0.5, 0.5, 0.5]), matrix_of(8, 1 / 2.7, 40, 30)
    matrix = invert(matrix)
    assert 2.6 < scale_of(matrix) < 2.8
    result = paste(np.zeros((160, 160, 3), np.uint8), change, matrix)[..., 0].astype(float)
    y, x = np.mgrid[:160, :160]
    centre = np.array([(x * result).sum(), (y * result).sum()]) / result.sum()
    mask = oval[..., 0]
    v, u = np.mgrid[:224, :224]
    wanted = np.array([(u * mask).sum(), (v * mask).sum()]) / mask.sum()
    np.testing.assert_allclose(centre @ matrix[:, :2].T + matrix[:, 2], wanted, atol=0.3)


def test_no_border_of_the_crop_shows(cut, reference_image):
    _, matrix = cut
    grey = np.full_like(reference_image, 100)
    result = paste(grey, np.full((224, 224, 3), 100 / 255, np.float32), matrix).astype(int)
    assert 200 <= result.max() <= 203  # where the fade begins, cubics overshoot a little
    assert max(np.abs(np.diff(result, axis=axis)).max() for axis in (0, 1)) < 40


def test_values_stay_within_8_bits(cut, oval, reference_image):
    _, matrix = cut
    for sign in (1, -1):
        result = paste(reference_image, sign * oval * np.ones(3, np.float32), matrix).astype(int)
        assert ((result - reference_image) * sign >= 0).all()


def test_in_place_and_off_the_picture(cut, oval, reference_image):
    _, matrix = cut
    change = 0.3 * oval * np.ones(3, np.float32)
    image = reference_image.copy()
    assert paste(image, change, matrix, inplace=True) is image and (image != reference_image).any()
    away = compose(np.array([[1.0, 0, 5000], [0, 1, 0]]), matrix)
    assert (paste(reference_image, change, away) == reference_image).all()
    half = compose(np.array([[1.0, 0, 112], [0, 1, 0]]), matrix)  # a face cut by the picture's border
    assert (paste(reference_image, change, half) != reference_image).any()
