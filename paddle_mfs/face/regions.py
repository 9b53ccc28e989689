"""Regions of the 468-point face mesh: index lists and the masks drawn from them.

The indices are those of MediaPipe's canonical face model (canonical_face_model_uv_visualization.png in
https://github.com/google-ai-edge/mediapipe/tree/master/mediapipe/modules/face_geometry/data).
"Left" and "right" are sides of the image, of an unmirrored upright face: a person's right eye is on its left.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

OVAL = [
    10,
    338,
    297,
    332,
    284,
    251,
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
    21,
    54,
    103,
    67,
    109,
]
LEFT_EYE = [33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7]
RIGHT_EYE = [263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249]
LEFT_BROW = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46]
RIGHT_BROW = [300, 293, 334, 296, 336, 285, 295, 282, 283, 276]
INNER_LIPS = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
CHEEKS = [50, 280, 205, 425]  # where skin is to be seen
OUTER_LIPS = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
NOSE_TIP, MOUTH_LEFT, MOUTH_RIGHT, FOREHEAD, CHIN = 4, 61, 291, 10, 152
EYE_LEFT_OUTER, EYE_RIGHT_OUTER = 33, 263


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """(468, 2 or 3) landmarks -> (5, 2) float32: eye centres (left, right), nose tip, mouth corners (likewise)."""
    xy = np.asarray(landmarks, np.float32)[:, :2]
    return np.stack([xy[LEFT_EYE].mean(0), xy[RIGHT_EYE].mean(0), xy[NOSE_TIP], xy[MOUTH_LEFT], xy[MOUTH_RIGHT]])


def region_mask(
    landmarks: np.ndarray, indices: Sequence[int], height: int, width: int, scale: float = 1.0
) -> np.ndarray:
    """Fill the closed contour `indices` of the mesh, enlarged about its middle by `scale` -> (height, width) uint8, 255
    inside, 0 outside."""
    mask, points = np.zeros((height, width), np.uint8), np.asarray(landmarks, np.float64)[indices, :2]
    if scale != 1:
        points = points.mean(0) + scale * (points - points.mean(0))
    # 4 fractional bits keep the contour smooth on small crops
    return cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 255, shift=4)


def oval_mask(landmarks: np.ndarray, height: int, width: int) -> np.ndarray:
    """The face oval (forehead to chin) -> (height, width) uint8, 255 inside, 0 outside."""
    return region_mask(landmarks, OVAL, height, width)


def skin_colour(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The colour of the cheeks of a crop (S, S, 3) uint8 RGB -> (3,) float32. landmarks: (468, >= 2), its pixels."""
    x, y = np.rint(np.asarray(landmarks)[CHEEKS, :2]).astype(int).clip(0, image.shape[0] - 1).T
    return np.median(image[y, x].astype(np.float32), 0)
