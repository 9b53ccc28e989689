"""How far two pictures lie apart, pixel by pixel: for saying where to look, not for saying which is better."""

import numpy as np


def mean_difference(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean absolute difference of two pictures over all channels, in levels of 255.

    Args:
        a, b: (H, W, 3) uint8 RGB.
        where: (H, W) bool, the pixels that count; None: all of them. Where none does, the difference is 0.
    """
    apart = np.abs(a.astype(np.int16) - b)
    apart = apart if where is None else apart[where]
    return float(apart.mean()) if apart.size else 0.0
