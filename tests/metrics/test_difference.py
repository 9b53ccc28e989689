"""The mean absolute difference, where it is known."""

import numpy as np

from paddle_mfs.metrics.difference import mean_difference


def test_known_differences():
    a = np.full((4, 6, 3), 250, np.uint8)
    b = a.copy()
    assert mean_difference(a, b) == 0
    b[:2, :, 0] = 10  # half of the pixels, a third of the channels, 240 levels
    assert mean_difference(a, b) == mean_difference(b, a) == 240 / 6
    where = np.zeros((4, 6), bool)
    assert mean_difference(a, b, where) == 0
    where[:2] = True
    assert mean_difference(a, b, where) == 240 / 3
