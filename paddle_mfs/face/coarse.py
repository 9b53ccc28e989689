"""The part of a change that a network means: its size is half the crop's.

The IDN paints on a map of half the crop's side. What its result lacks beyond that, the target's finest detail (pores,
lashes, stubble), it did not mean to take away: it cannot paint it.
"""

import cv2
import numpy as np

PAINTED = 2  # pixels of the crop, a side, to one of the map


def coarse(change: np.ndarray) -> np.ndarray:
    """(S, S) or (S, S, C) float32, S even -> the same kind: its means over 2 x 2 pixels, enlarged cubically."""
    height, width = change.shape[:2]
    small = cv2.resize(change, (width // PAINTED, height // PAINTED), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def coarse_matrix(size: int) -> np.ndarray:
    """M (size, size) float32: M @ x @ M.T is `coarse(x)` of a plane x (size, size)."""
    means = cv2.resize(np.eye(size, dtype=np.float32), (size, size // PAINTED), interpolation=cv2.INTER_AREA)
    return cv2.resize(means, (size, size), interpolation=cv2.INTER_CUBIC)
