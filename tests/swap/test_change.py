"""What the network changed in a crop, and where the face is."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.image import read_image
from paddle_mfs.swap.change import change_of, face_mask, pasted


def test_the_finest_detail_of_the_crop_stays():
    """A network that blurs what it paints: crop and change have the crop's own fine texture, and the new colour."""
    rng = np.random.default_rng(0)
    crop = rng.integers(80, 120, (32, 32, 3), dtype=np.uint8)
    result = np.full((32, 32, 3), 0.6, np.float32)
    change = change_of(crop, result)
    assert change.dtype == np.float32
    shown = crop / 255 + change
    assert abs(shown.mean() - 0.6) < 1e-3
    fine = shown - cv2.blur(shown, (3, 3))
    assert fine.std() > 0.7 * (crop / 255 - cv2.blur(crop / 255, (3, 3))).std()


def test_a_smooth_change_is_the_difference():
    y, x = np.mgrid[:32, :32].astype(np.float32) / 32
    crop = np.random.default_rng(0).integers(60, 120, (32, 32, 3), dtype=np.uint8)
    wanted = np.stack([x, y, x * y], 2) / 4
    np.testing.assert_allclose(
        change_of(crop, crop / np.float32(255) + wanted)[2:-2, 2:-2], wanted[2:-2, 2:-2], atol=5e-3
    )


def test_pasted_is_what_a_swap_makes(samples, swapper):
    """The picture of the measurements is that of tools/swap.py."""
    picture = read_image(samples / "target.jpg")
    face = swapper.analyser.largest(picture, "target")
    crop, matrix = align(picture, face.five, 224)
    result, _ = swapper.paint(crop)
    np.testing.assert_array_equal(pasted(picture, matrix, crop, result), swapper.swap_faces(picture, [face]))


def test_a_grey_picture_stays_grey():
    rng = np.random.default_rng(0)
    crop = np.repeat(rng.integers(0, 256, (32, 32, 1), dtype=np.uint8), 3, 2)
    change = change_of(crop, rng.random((32, 32, 3), dtype=np.float32))
    assert (change == change[..., :1]).all() and np.abs(change).max() > 0.1
    crop[0, 0] = 10, 200, 10  # one coloured pixel: a picture in colour
    change = change_of(crop, rng.random((32, 32, 3), dtype=np.float32))
    assert not (change == change[..., :1]).all()


@pytest.mark.parametrize("opening", [1.0, 0.5])
def test_a_half_open_mask_covers_the_face_whole(opening):
    face = np.zeros((32, 32), np.float32)
    face[4:28, 6:26] = 1
    face[4:28, [6, 25]] = 0.3  # the rim
    np.testing.assert_allclose(face_mask(face * np.float32(opening)), face, atol=1e-6)


def test_a_shut_mask_opens_nothing():
    shut = np.full((16, 16), 1e-6, np.float32)
    assert face_mask(shut).max() < 0.01 and np.isnan(face_mask(np.full((16, 16), np.nan, np.float32))).all()
