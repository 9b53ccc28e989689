"""The target's eyes, which may stay as they are: gaze, blinking and colour."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.regions import LEFT_EYE, RIGHT_EYE, region_mask

MARGIN = 1.3  # lashes lie around the opening
FEATHER = 2 / 224  # of the crop: sigma


def eyes_mask(landmarks: np.ndarray, size: int, scale: float = 1.0) -> np.ndarray:
    """The openings of the eyes and their lashes -> (size, size) float32 in [0, 1], feathered.

    Args:
        landmarks: (468, >= 2), pixels of the crop, whose side is `size`.
        scale: of the regions.
    """
    both = np.maximum(*(region_mask(landmarks, eye, size, size, MARGIN * scale) for eye in (LEFT_EYE, RIGHT_EYE)))
    return cv2.GaussianBlur(both.astype(np.float32) / 255, (0, 0), FEATHER * size)
