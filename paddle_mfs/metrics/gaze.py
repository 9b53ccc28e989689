"""Eyes: how far they are open, and where they look, of a result against its target."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.regions import LEFT_EYE, RIGHT_EYE, region_mask

# (corner, corner), [(upper lid, lower lid), ...] of the eyes on the image's left and right
EYES = (
    ((33, 133), [(160, 144), (159, 145), (158, 153)], LEFT_EYE),
    ((362, 263), [(385, 380), (386, 374), (387, 373)], RIGHT_EYE),
)
CLOSED = 0.12  # an eye less open than this shows too little of its iris
ENLARGED = 4  # times, before pixels of an eye are looked at: it is a dozen high at 224


def openness(landmarks: np.ndarray) -> np.ndarray:
    """How far the eyes are open -> (2,), image left and right: mean distance of the lids over that of the corners.

    The "eye aspect ratio" of T. Soukupova and J. Cech, CVWW 2016. landmarks: (468, >= 2).
    """
    xy = np.asarray(landmarks, np.float64)[:, :2]
    return np.array(
        [
            np.mean([np.linalg.norm(xy[up] - xy[low]) for up, low in lids]) / np.linalg.norm(xy[a] - xy[b])
            for (a, b), lids, _ in EYES
        ]
    )


def gaze(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Where the irises are -> (2, 2), image left and right: offset from the middle of the eye, along the line of its
    corners (image right > 0) and across (down > 0), as a share of their distance; NaN of a closed eye.

    The iris is where the opening is darkest: the mean place of its pixels, weighed by how much darker they are than its
    median.

    Args:
        image: (S, S, 3) uint8 RGB crop. landmarks: (468, >= 2), its pixels.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found, is_open = np.full((2, 2), np.nan), openness(landmarks) > CLOSED
    for number, ((left, right), _, contour) in enumerate(EYES):
        if not is_open[number]:
            continue
        xy = np.asarray(landmarks, np.float64)[:, :2]
        low, high = np.floor(xy[contour].min(0)).astype(int) - 1, np.ceil(xy[contour].max(0)).astype(int) + 2
        low, high = low.clip(0), high.clip(0, grey.shape[::-1])
        if (high - low).min() < 3:
            continue
        eye = cv2.resize(grey[low[1] : high[1], low[0] : high[0]], None, fx=ENLARGED, fy=ENLARGED)
        points = (xy - low + 0.5) * ENLARGED - 0.5
        y, x = np.nonzero(region_mask(points, contour, *eye.shape))
        if not len(x):
            continue
        values = eye[y, x].astype(np.float64)
        weights = (np.median(values) - values).clip(0)
        if not weights.any():
            continue
        place = np.array([weights @ x, weights @ y]) / weights.sum()
        across = points[right] - points[left]
        width = np.linalg.norm(across)
        offset, unit = place - (points[left] + points[right]) / 2, across / width
        found[number] = np.array([offset @ unit, offset @ [-unit[1], unit[0]]]) / width
    return found


def openness_error(result: np.ndarray, target: np.ndarray) -> float:
    """L2 over both eyes of `openness`, (468, >= 2) landmarks each."""
    return float(np.linalg.norm(openness(result) - openness(target)))


def gaze_error(result: np.ndarray, target: np.ndarray) -> float:
    """RMS distance of two `gaze`s over the eyes that are open in both, in per cent of an eye's width; NaN without."""
    squares = ((result - target) ** 2).sum(1)
    return float(100 * np.sqrt(np.nanmean(squares))) if np.isfinite(squares).any() else float("nan")
