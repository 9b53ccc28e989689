"""What lies on the target's face and may stay there, seen by its colour."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.regions import LEFT_BROW, LEFT_EYE, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE, oval_mask

# what is not of skin's colour, and the share of the skin around it that must be covered for it to count as covered
# (eyes are near hair)
FEATURES = (OUTER_LIPS, 0.2), (LEFT_EYE + LEFT_BROW, 0.5), (RIGHT_EYE + RIGHT_BROW, 0.5)
SPREAD = 15.0, 6.0, 6.0  # L, a, b: skin is taken to vary by this at least
FAR = 3.0  # spreads from the face's median colour: no skin
SMALLEST = 200 / 224**2  # of the crop: smaller patches are part of the face (moles, nostrils, glints)
OCCLUSION_FEATHER = 2 / 224  # of the crop: sigma


def occlusion_mask(crop: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """What lies on the face and is of another colour than its skin -> (S, S) float32 in [0, 1], feathered.

    Skin's colour is the median (in Lab) of the face oval without eyes, brows and mouth; these count as covered when the
    skin around them is. Sees cups, microphones, masks, hats and dark hair; does not see hands and thin strands of hair,
    and takes hard shadows and highlights for objects now and then.

    crop: (S, S, 3) uint8 RGB; landmarks: (468, >= 2), pixels of the crop.
    """
    size = crop.shape[0]
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 1.5 * size / 224)
    oval = oval_mask(landmarks, size, size) > 0
    features = [_widened(_hull(landmarks, points, size), 7) for points, _ in FEATURES]
    skin = oval & ~np.any(features, 0)
    if skin.sum() < SMALLEST * size * size:
        return np.zeros((size, size), np.float32)
    colours = lab[skin]
    median = np.median(colours, 0)
    spread = np.maximum(
        1.48 * np.median(np.abs(colours - median), 0), SPREAD
    )  # 1.48 MAD estimates a standard deviation
    far = (np.square((lab - median) / spread).sum(-1) > FAR**2) & oval
    covered = far & skin
    for feature, (_, share) in zip(features, FEATURES):
        around = _widened(feature, 13) & skin
        if (covered & around).sum() > share * around.sum():
            covered |= feature & far
    covered = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_OPEN, _square(5, size))
    covered = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, _square(7, size))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(covered)
    large = [n for n in range(1, count) if statistics[n, cv2.CC_STAT_AREA] >= SMALLEST * size * size]
    found = _widened(np.isin(labels, large), 5).astype(np.float32)
    return cv2.GaussianBlur(found, (0, 0), OCCLUSION_FEATHER * size)


def _hull(landmarks, points, size):
    """(size, size) bool: the convex hull of some landmarks."""
    mask = np.zeros((size, size), np.uint8)
    hull = cv2.convexHull(np.rint(np.asarray(landmarks)[points, :2]).astype(np.int32))
    return cv2.fillConvexPoly(mask, hull, 1) > 0


def _widened(mask, pixels):
    """A bool mask dilated by a square of so many pixels of a 224 px crop."""
    return cv2.dilate(mask.astype(np.uint8), _square(pixels, mask.shape[0])) > 0


def _square(pixels, size):
    side = max(1, round(pixels * size / 224)) | 1
    return np.ones((side, side), np.uint8)
