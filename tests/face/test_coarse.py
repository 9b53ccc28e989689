"""The part of a change that a network means."""

import numpy as np

from paddle_mfs.face.coarse import coarse, coarse_matrix


def test_the_matrix_says_the_same():
    change = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    matrix = coarse_matrix(64)
    np.testing.assert_allclose(matrix @ change @ matrix.T, coarse(change), atol=1e-6)


def test_what_is_smooth_stays_and_the_finest_goes():
    y, x = np.mgrid[:64, :64].astype(np.float32)
    for smooth in (np.full_like(x, 0.3), np.sin(x / 12) * np.cos(y / 12)):
        np.testing.assert_allclose(coarse(smooth)[4:-4, 4:-4], smooth[4:-4, 4:-4], atol=0.01)
    assert np.abs(coarse((x % 2) * 2 - 1)).max() < 1e-6


def test_colour_by_colour():
    change = np.random.default_rng(1).standard_normal((32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(coarse(change)[..., 1], coarse(np.ascontiguousarray(change[..., 1])), atol=1e-6)
