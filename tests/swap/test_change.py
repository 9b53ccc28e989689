"""What the network changed in a crop, and where the face is."""

import numpy as np
import pytest

from paddle_mfs.swap.change import change_of, face_mask


def test_crop_and_change_make_the_result():
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    result = rng.random((32, 32, 3), dtype=np.float32)
    change = change_of(crop, result)
    assert change.dtype == np.float32
    np.testing.assert_allclose(crop / 255 + change, result, atol=1e-6)


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
