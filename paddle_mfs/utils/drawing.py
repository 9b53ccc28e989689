"""Words on pictures."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont


def text_strip(text: str, width: int, height: int = 20, size: int = 13, is_centred: bool = False) -> np.ndarray:
    """A white strip (height, width, 3) uint8 RGB with black text of `size` pixels at its left or in its middle."""
    strip = Image.new("RGB", (width, height), "white")
    place, anchor = ((width / 2, height / 2), "mm") if is_centred else ((4, height / 2), "lm")
    ImageDraw.Draw(strip).text(place, text, "black", ImageFont.load_default(size), anchor=anchor)
    return np.array(strip)


def mark_corner(image: np.ndarray, text: str) -> np.ndarray:
    """Write `text`, white with a dark rim, in the upper left of an image (H, W, 3) uint8, in place -> the image."""
    scale = max(image.shape[0] / 720, 0.5)
    for colour, width in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        cv2.putText(
            image,
            text,
            (round(12 * scale), round(32 * scale)),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            colour,
            max(round(width * scale), width - 1),
            cv2.LINE_AA,
        )
    return image
