"""Which of the picture's own fine detail the new face contradicts: brows, wrinkles and stubble that it no longer has.

Detail finer than the crop is left in the picture (face/paste.py). Most of it suits any face, but the hairs of a brow
that was painted over would show as scratches.
"""

from __future__ import annotations

import cv2
import numpy as np

FINE = 2.0 / 224  # of the crop: sigma below which a crop's structure is compared, the finest that it shows reliably
AROUND = 3.0 / 224  # of the crop: sigma of the neighbourhood of a pixel
NOISE = 2.0  # squared 8-bit steps: weaker structure than this contradicts nothing
GONE, KEPT = 0.1, 0.4  # share of its structure that is left: below, all detail goes with it; above, all stays


def contradicted_detail(crop: np.ndarray, result: np.ndarray) -> np.ndarray:
    """The share of the picture's detail that is to go -> (S, S) float32 in [0, 1], 0 where the crop is unchanged.

    It is read off the finest structure of the crop: the slope of the local regression of the result on the crop says
    how much of it the result still has.

    Args:
        crop: (S, S, 3) uint8 RGB, the target. result: (S, S, 3) float32 RGB in [0, 1], the swapped face.
    """
    size = crop.shape[0]
    before = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    after = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY) * np.float32(255)
    before, after = (grey - cv2.GaussianBlur(grey, (0, 0), FINE * size) for grey in (before, after))
    shared, own = (cv2.GaussianBlur(product, (0, 0), AROUND * size) for product in (before * after, before * before))
    left = (shared + np.float32(NOISE)) / (own + np.float32(NOISE))
    return ((np.float32(KEPT) - left) / np.float32(KEPT - GONE)).clip(0, 1)
