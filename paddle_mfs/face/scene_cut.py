"""Cuts between scenes, seen on thumbnails.

Two frames are a cut apart when both their colours and their places differ: the share of colour that moved between
histograms, and the share of pixels that nothing near them in the other frame resembles. A zoom keeps the places, a slow
pan the colours and most places; light that changes everywhere keeps both once brightness and contrast are evened out,
and a flash of a part does not reach the threshold as it is, so both ways must say cut.
"""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 32  # pixels of the thumbnail
REACH = 3  # thumbnail pixels a thing may move between frames, a tenth of the picture
TOLERANCE = 16  # of 255, in each colour
BINS = 6  # of the histogram, in each colour
# Pairs of generated portraits, all framed alike, give 0.125 and more, 99 % of them 0.157; a pan by a tenth of the
# picture at most 0.03, zooms by 15 % 0.01, a white flash of a ninth of the picture 0.10, brightness times 1.3 (clipped)
# 0.10.
THRESHOLD = 0.12
SAME = 10  # mean difference of thumbnails, of 255: below it there is nothing to look into


class CutDetector:
    """Say of each frame of a clip, in order, whether a cut lies before it."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, ...], np.ndarray] | None = None

    def __call__(self, image: np.ndarray) -> bool:
        """True when `image`, (H, W, 3) uint8 RGB, is of another scene (or size) than the frame before it, if any."""
        now = (image.shape, _thumbnail(image))
        last, self._last = self._last, now
        if last is None:
            return False
        return last[0] != now[0] or difference(last[1], now[1]) > THRESHOLD


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """0 (one scene) to 1 between two thumbnails (SIDE, SIDE, 3) float32."""
    if np.abs(a - b).mean() < SAME:
        return 0.0
    as_it_is = _difference(a, b)
    return min(as_it_is, _difference(_evened(a), _evened(b))) if as_it_is > THRESHOLD else as_it_is


def _thumbnail(image):
    step = max(1, min(image.shape[:2]) // 128)  # averaging a sample of the pixels is enough, and quick on large frames
    small = cv2.resize(image[::step, ::step], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)


def _evened(thumbnail):
    """The thumbnail with mean 128 and standard deviation 48."""
    return ((thumbnail - thumbnail.mean()) * (48 / max(thumbnail.std(), 8)) + 128).clip(0, 255)


def _difference(a, b):
    places = min(_unexplained(a, b), _unexplained(b, a))
    if places <= THRESHOLD**2:  # no colours can make that a cut
        return 0.0
    colours = np.abs(_histogram(a) - _histogram(b)).sum() / 2
    return float(np.sqrt(colours * places))


def _unexplained(a, b):
    """Share of the pixels of `b` outside the range that `a` has around their place."""
    around = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    return ((b < cv2.erode(a, around) - TOLERANCE) | (b > cv2.dilate(a, around) + TOLERANCE)).any(-1).mean()


def _histogram(thumbnail):
    """(BINS ** 3,) share of the pixels by colour, each shared between neighbouring bins: slight changes stay slight."""
    place = (thumbnail.reshape(-1, 3) * (BINS / 256) - 0.5).clip(0, BINS - 1.001)
    low = place.astype(int)
    part, total = place - low, 0
    for corner in np.ndindex(2, 2, 2):
        index = (low + corner) @ (BINS * BINS, BINS, 1)
        total = total + np.bincount(index, np.where(corner, part, 1 - part).prod(1), BINS**3)
    return total / len(place)
