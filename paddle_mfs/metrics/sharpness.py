"""Sharpness: how much of the target's fine detail a result keeps in the face."""

import cv2
import numpy as np


def core_mask(oval: np.ndarray) -> np.ndarray:
    """The oval without its rim: eroded by 12 px in a crop of 224 (in proportion at other sizes).

    Args:
        oval: (S, S) uint8, 0 or 255. Returns: (S, S) bool.
    """
    radius = max(1, round(12 * oval.shape[0] / 224))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.erode(oval, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


def laplacian_variance(image: np.ndarray, mask: np.ndarray) -> float:
    """Variance of the 3x3 Laplacian of the grey image (H, W, 3) uint8 RGB over the pixels of `mask` (bool)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[mask].var())


def sharpness(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """Laplacian variance of the result over that of the target in the core of the face: 1 as sharp, below 1 softer.

    Args:
        result, target: (S, S, 3) uint8 RGB crops in one frame.
        oval: (S, S) uint8 0/255, the target's face oval.
    """
    mask = core_mask(oval)
    return laplacian_variance(result, mask) / max(laplacian_variance(target, mask), 1e-6)
