"""Pictures in a row."""

import numpy as np

from paddle_mfs.swap.side_by_side import side_by_side


def test_side_by_side():
    pictures = [np.full((h, w, 3), v, np.uint8) for h, w, v in ((100, 50, 10), (20, 40, 20), (60, 60, 30))]
    row = side_by_side(pictures, gap=8)
    assert row.shape == (60, 30 + 8 + 120 + 8 + 60, 3)
    assert (row[:, :30] == 10).all() and (row[:, 30:38] == 255).all() and (row[:, -60:] == 30).all()
    captioned = side_by_side(pictures, ("a", "b", "c"))
    assert captioned.shape[0] > 60 and captioned[60:].min() < 100
