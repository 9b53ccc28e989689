"""Similarity, alignment, warping, pasting and regions."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face import regions
from paddle_mfs.face.align import TEMPLATE_112, align, template
from paddle_mfs.face.geometry import compose, invert, similarity, transform, warp
from paddle_mfs.face.paste import paste


def _matrix(angle, scale, x, y):
    c, s = scale * np.cos(np.deg2rad(angle)), scale * np.sin(np.deg2rad(angle))
    return np.array([[c, -s, x], [s, c, y]])


def test_similarity_recovers_a_known_one():
    matrix = _matrix(130, 2.5, -40, 7)
    found = similarity(TEMPLATE_112, transform(TEMPLATE_112.astype(np.float64), matrix))
    assert np.abs(found - matrix).max() < 1e-5
    assert np.abs(compose(matrix, invert(matrix)) - np.eye(2, 3)).max() < 1e-9


def test_similarity_never_mirrors():
    mirrored = TEMPLATE_112 * [-1, 1]
    assert np.linalg.det(similarity(TEMPLATE_112, mirrored)[:, :2]) > 0


@pytest.mark.parametrize("src", [np.zeros((5, 2)), np.zeros((1, 2)), np.zeros((5, 3))])
def test_similarity_refuses_degenerate_points(src):
    with pytest.raises(ValueError):
        similarity(src, TEMPLATE_112)


@pytest.mark.parametrize("size", [112, 128, 224])
def test_alignment_puts_the_points_on_the_template(analyser, reference, reference_image, size):
    crop, matrix = align(reference_image, reference.five, size)
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8
    landed = transform(reference.five.astype(np.float64), matrix)
    assert np.abs(landed - template(size)).max() < 0.06 * size
    # and the crop's own landmarks are the moved landmarks
    again = analyser.largest(crop).landmarks[:, :2]
    moved = transform(reference.landmarks[:, :2].astype(np.float64), matrix)
    assert np.linalg.norm(again - moved, axis=1).mean() < 0.015 * size


def test_alignment_does_not_depend_on_the_size_of_the_picture(analyser, hard, reference, reference_image):
    from paddle_mfs.face.image import read_image

    large = read_image(hard / "formats" / "large4000.jpg")
    five = (reference.five + 0.5) * (large.shape[0] / 512) - 0.5
    small, big = align(reference_image, reference.five, 112)[0], align(large, five, 112)[0]
    assert np.abs(small.astype(int) - big).mean() < 2.5


def test_warp_is_antialiased():
    # one-pixel checks average to grey when shrunk
    checks = np.indices((600, 600)).sum(0).astype(np.uint8) % 2 * 255
    for scale in (0.4, 0.24, 0.1, 0.031):
        shrunk = warp(checks, _matrix(17, scale, 5, -3), (12, 10), border=cv2.BORDER_REFLECT)
        assert np.abs(shrunk.astype(int) - 127.5).max() < 12


@pytest.mark.parametrize("scale", [1.7, 0.7, 0.3, 0.11])
def test_warp_keeps_places(scale):
    # a ramp is warped to the ramp the matrix says, wherever the shrunk region starts
    y, x = np.mgrid[:700, :900].astype(np.float32)
    matrix = _matrix(-20, scale, 31.3 - 400 * scale, 10.7 - 100 * scale)
    result = warp(x + 2 * y, matrix, (40, 30), border=cv2.BORDER_REPLICATE)
    columns, rows = np.meshgrid(np.arange(40), np.arange(30))
    source = transform(np.stack([columns, rows], -1).astype(np.float64), invert(matrix))
    inside = ((source > 12) & (source < [880, 680])).all(-1)
    assert inside.sum() > 200
    assert np.abs(result - source @ [1, 2])[inside].max() < 0.2 / min(scale, 1)


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
    matrix = invert(_matrix(10, 6, 200, 20))
    result = paste(image, ramp, np.ones((224, 224), np.float32), matrix).astype(int)
    core = result[400:1000, 400:1000]
    assert np.abs(np.diff(core, axis=0)).max() <= 1 and np.abs(np.diff(core, axis=1)).max() <= 1


def test_regions(reference):
    assert len(regions.OVAL) == 36 and len(regions.LEFT_EYE) == len(regions.RIGHT_EYE) == 16
    assert len(set(regions.INNER_LIPS)) == 20 and len(set(regions.OUTER_LIPS)) == 20
    mask = regions.oval_mask(reference.landmarks, 512, 512)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 255}
    x, y = reference.five.round().astype(int).T
    assert (mask[y, x] == 255).all() and mask[0, 0] == 0
    box = reference.box
    assert 0.6 < (mask > 0).sum() / ((box[2] - box[0]) * (box[3] - box[1])) < 0.9
    lips = regions.region_mask(reference.landmarks, regions.OUTER_LIPS, 512, 512) > 0
    assert (regions.region_mask(reference.landmarks, regions.INNER_LIPS, 512, 512)[~lips] == 0).all()
