"""Similarity transforms and warping."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import TEMPLATE_112
from paddle_mfs.face.geometry import compose, invert, similarity, transform, warp


def matrix_of(angle, scale, x, y):
    c, s = scale * np.cos(np.deg2rad(angle)), scale * np.sin(np.deg2rad(angle))
    return np.array([[c, -s, x], [s, c, y]])


def test_similarity_recovers_a_known_one():
    matrix = matrix_of(130, 2.5, -40, 7)
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


def test_warp_is_antialiased():
    # one-pixel checks average to grey when shrunk
    checks = np.indices((600, 600)).sum(0).astype(np.uint8) % 2 * 255
    for scale in (0.4, 0.24, 0.1, 0.031):
        shrunk = warp(checks, matrix_of(17, scale, 5, -3), (12, 10), border=cv2.BORDER_REFLECT)
        assert np.abs(shrunk.astype(int) - 127.5).max() < 12


@pytest.mark.parametrize("scale", [1.7, 0.7, 0.3, 0.11])
def test_warp_keeps_places(scale):
    # a ramp is warped to the ramp the matrix says, wherever the shrunk region starts
    y, x = np.mgrid[:700, :900].astype(np.float32)
    matrix = matrix_of(-20, scale, 31.3 - 400 * scale, 10.7 - 100 * scale)
    result = warp(x + 2 * y, matrix, (40, 30), border=cv2.BORDER_REPLICATE)
    columns, rows = np.meshgrid(np.arange(40), np.arange(30))
    source = transform(np.stack([columns, rows], -1).astype(np.float64), invert(matrix))
    inside = ((source > 12) & (source < [880, 680])).all(-1)
    assert inside.sum() > 200
    assert np.abs(result - source @ [1, 2])[inside].max() < 0.2 / min(scale, 1)
