"""The inside of the target's open mouth, which may stay as it is."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.regions import INNER_LIPS, MOUTH_LEFT, MOUTH_RIGHT, region_mask

LIPS_UPPER, LIPS_LOWER = 13, 14  # middle of the inner lips' contour
CLOSED, OPEN = 0.06, 0.14  # height of the inner lips / width of the mouth: fully painted below, fully kept above
MOUTH_FEATHER = 1.5 / 224  # of the crop: sigma


def open_mouth_mask(landmarks: np.ndarray, size: int, scale: float = 1.0) -> np.ndarray:
    """The inside of the mouth -> (size, size) float32 in [0, 1], feathered: 0 for a closed mouth, rising as it opens.

    Args:
        landmarks: (468, >= 2), pixels of the crop, whose side is `size`.
        scale: of the region, 1: up to the inner edge of the lips.
    """
    points = np.asarray(landmarks, np.float64)[:, :2]
    width = float(np.linalg.norm(points[MOUTH_RIGHT] - points[MOUTH_LEFT]))
    gape = np.linalg.norm(points[LIPS_LOWER] - points[LIPS_UPPER]) / max(width, 1e-6)
    amount = float(np.clip((gape - CLOSED) / (OPEN - CLOSED), 0, 1))
    if amount == 0:
        return np.zeros((size, size), np.float32)
    inside = region_mask(points, INNER_LIPS, size, size, scale).astype(np.float32) * np.float32(amount / 255)
    return cv2.GaussianBlur(inside, (0, 0), MOUTH_FEATHER * size)
