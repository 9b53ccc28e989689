"""Crops pasted back into their picture."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face import regions
from paddle_mfs.face.align import align
from paddle_mfs.face.geometry import compose, invert
from paddle_mfs.face.paste import paste
from tests.face.test_geometry import matrix_of


@pytest.fixture()
def pasted(reference, reference_image):
    crop, matrix = align(reference_image, reference.five, 224)
    mask = np.zeros((224, 224), np.float32)
    cv2.ellipse(mask, (112, 125), (70, 85), 0, 0, 360, 1, -1)
    return crop, cv2.GaussianBlur(mask, (0, 0), 3), matrix


@pytest.mark.parametrize("as_float", [False, True])
def test_paste_round_trip(pasted, reference, reference_image, as_float):
    crop, mask, matrix = pasted
    before = reference_image.copy()
    result = paste(reference_image, crop.astype(np.float32) / 255 if as_float else crop, mask, matrix)
    assert result.dtype == np.uint8 and (reference_image == before).all()
    inside = regions.oval_mask(reference.landmarks, 512, 512) > 0
    # the picture's own crop goes back almost unchanged
    assert np.abs(result.astype(int) - reference_image)[inside].mean() < 3


def test_paste_changes_nothing_outside_the_mask(pasted, reference_image):
    crop, mask, matrix = pasted
    result = paste(reference_image, 255 - crop, mask, matrix)
    reach = cv2.warpAffine(cv2.dilate(mask, np.ones((5, 5))), invert(matrix), (512, 512)) > 0
    changed = (result != reference_image).any(-1)
    assert not changed[~reach].any()
    assert changed.sum() > 20000
    core = cv2.warpAffine(cv2.erode(mask, np.ones((15, 15))), invert(matrix), (512, 512)) > 0.999
    assert np.abs(255 - reference_image[core].astype(int) - result[core]).mean() < 8


def test_paste_follows_the_formula(pasted, reference_image):
    _, mask, matrix = pasted
    result = paste(reference_image, np.full((224, 224, 3), 200, np.uint8), mask * 0.5, matrix)
    weight = cv2.warpAffine(mask * 0.5, invert(matrix), (512, 512))[..., None]
    assert np.abs(result - (reference_image * (1 - weight) + 200 * weight)).max() < 4


def test_paste_shows_no_border_of_the_crop(pasted, reference_image):
    crop, mask, matrix = pasted
    grey = np.full_like(reference_image, 100)
    result = paste(grey, np.full_like(crop, 200), np.ones_like(mask), matrix).astype(int)
    assert (
        result.max() == 200
        and np.abs(np.diff(result, axis=0)).max() < 40
        and np.abs(np.diff(result, axis=1)).max() < 40
    )


def test_paste_in_place_and_off_the_picture(pasted, reference_image):
    crop, mask, matrix = pasted
    image = reference_image.copy()
    assert paste(image, 255 - crop, mask, matrix, inplace=True) is image and (image != reference_image).any()
    away = compose(np.array([[1.0, 0, 5000], [0, 1, 0]]), matrix)
    assert (paste(reference_image, 255 - crop, mask, away) == reference_image).all()
    assert (paste(reference_image, 255 - crop, mask * 0, matrix) == reference_image).all()
    with pytest.raises(ValueError, match="differ in size"):
        paste(reference_image, crop, mask[:100], matrix)


def test_paste_of_a_large_picture_has_no_seams():
    # blended in strips: the strips must meet
    image = np.full((1500, 1500, 3), 90, np.uint8)
    y, x = np.mgrid[:224, :224]
    ramp = np.repeat((x + y)[..., None], 3, 2).astype(np.float32) / 446
    matrix = invert(matrix_of(10, 6, 200, 20))
    result = paste(image, ramp, np.ones((224, 224), np.float32), matrix).astype(int)
    core = result[400:1000, 400:1000]
    assert np.abs(np.diff(core, axis=0)).max() <= 1 and np.abs(np.diff(core, axis=1)).max() <= 1
