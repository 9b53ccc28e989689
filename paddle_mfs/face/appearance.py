"""What a tracked face looks like at a glance: tells two people apart from frame to frame, recognises nobody."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.align import align

SIDE = 12  # pixels of the thumbnail


def appearance(image: np.ndarray, five: np.ndarray) -> np.ndarray:
    """The aligned face as a thumbnail, brightness and contrast evened out: (SIDE * SIDE * 3,) float32 of length 1.

    Args:
        image: (H, W, 3) uint8 RGB. five: (5, 2) points of a face in it.
    """
    crop = align(image, five, 32)[0][3:31, 3:29]  # without most of the background
    thumbnail = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    thumbnail -= thumbnail.mean()
    return thumbnail / max(float(np.linalg.norm(thumbnail)), 1.0)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two appearances, at most 1.

    Two different ones of 52 generated portraits have 0.49 (median), 0.84 (99th percentile); the same one turned,
    scaled, brighter and noisier has 0.99 and more.
    """
    return float(a @ b)
