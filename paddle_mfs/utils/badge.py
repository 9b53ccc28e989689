"""A visible mark: "AI-swapped" on a dark plate in the lower right corner, its letters a thirtieth of the shorter side.

Off unless asked for. It looks like the badge of the Android app (deploy/android, `FramePainter`).
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORDS = "AI-swapped"
SHARE, SMALLEST = 30, 10  # the letters' size: of the shorter side, and pixels at least
PLATE = 0xA0  # how opaque the plate is, of 255: white letters on it are legible on white too


def add_badge(image: np.ndarray, alpha: np.ndarray | None = None, scale: tuple[float, float] = (1, 1)) -> None:
    """Paint it into a picture, in place.

    Args:
        image: (H, W, 3) uint8 RGB. alpha: None, or (H, W) uint8, how opaque the picture is; the badge is to be seen
            where it is not. scale: pixels shown for one of the picture, across and down, where they are not square.
    """
    left, top, letters, share = _badge(*image.shape[1::-1], *scale)
    for array, light in ((image, letters[..., None]), (alpha, share)):
        if array is not None:
            part = array[top : top + share.shape[0], left : left + share.shape[1]]
            rest = 1 - (share[..., None] if array is image else share)
            part[...] = np.rint(part * rest + 255 * light)


def corners(width: int, height: int, scale: tuple[float, float] = (1, 1)) -> np.ndarray:
    """Two opposite corners, (2, 2) pixels x, y, of what `add_badge` paints in a picture of that size."""
    left, top, _, share = _badge(width, height, *scale)
    return np.array([[left, top], [left + share.shape[1] - 1, top + share.shape[0] - 1]], np.float64)


@functools.lru_cache(maxsize=4)
def _badge(width, height, across, down):
    """Its place (left, top), and (h, w) float32 in [0, 1]: how white its letters are, how opaque it is. Not to be
    written into."""
    shown = width * across, height * down
    size = max(min(shown) / SHARE, SMALLEST)
    fitting = min(shown[0] / (_length(size) + 2.5 * size), shown[1] / (3 * size), 1)  # below 1 in very small pictures
    size = max(size * fitting, 1)
    box = np.array([_length(size) + 1.5 * size, 2 * size])
    pixels = np.rint(box / (across, down)).clip(1, (width, height)).astype(int)
    words, plate = (Image.new("L", tuple(np.maximum(np.rint(box), 1).astype(int).tolist())) for _ in range(2))
    place = 0.75 * size, box[1] - 0.65 * size
    ImageDraw.Draw(words).text(place, WORDS, 255, ImageFont.load_default(size), anchor="ls")
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), size / 2, PLATE)
    letters, dark = (
        cv2.resize(np.float32(one) / 255, pixels.tolist(), interpolation=cv2.INTER_AREA) for one in (words, plate)
    )
    left, top = np.rint((np.array(shown) - size / 2) / (across, down)).astype(int) - pixels
    return max(left, 0), max(top, 0), letters, letters + dark * (1 - letters)


def _length(size):
    """How long the words are in letters of that size."""
    return ImageFont.load_default(size).getlength(WORDS)
