"""What a window says and hears."""

import numpy as np
import pytest

from paddle_mfs.utils.drawing import mark_corner
from paddle_mfs.video.window import action, caption


@pytest.mark.parametrize(
    "key, asked",
    [
        (ord("s"), "save"),
        (ord("S"), "save"),
        (ord("q"), "quit"),
        (27, "quit"),
        (ord("s") | 1 << 20, "save"),
        (-1, None),
        (255, None),
        (ord("x"), None),
    ],
)
def test_keys(key, asked):
    assert action(key) == asked


def test_the_corner_says_what_is_shown():
    assert caption(True, [0.0]) == "synthetic" and caption(True, [0.0, 0.1, 0.2]) == "synthetic  10 fps"
    assert caption(False, [0.0, 0.05]) == "no face  20 fps"
    image = np.full((480, 640, 3), 128, np.uint8)
    changed = (mark_corner(image.copy(), "synthetic  10 fps") != image).any(2)
    assert changed[:60, :320].any() and not changed[60:].any() and not changed[:, 320:].any()
