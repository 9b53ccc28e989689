"""A swapped face before it is pasted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paddle_mfs.face.paste import paste


class Patch(NamedTuple):
    """A swapped face, as `paste(image, *patch)` takes it: change (S, S, 3) float32 RGB in [-1, 1], matrix (2, 3) that
    maps the image to the crop, crop (S, S, 3) uint8 RGB, damping (S, S) float32 in [0, 1]."""

    change: np.ndarray
    matrix: np.ndarray
    crop: np.ndarray
    damping: np.ndarray


def paste_all(image: np.ndarray, patches: Sequence[Patch]) -> np.ndarray:
    """Paste them into `image`, (H, W, 3) uint8 RGB, in place -> image."""
    for patch in patches:
        paste(image, *patch, inplace=True)
    return image
