"""What is drawn to be laid over a face: how much of it is seen at every pixel, and its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

FINE = 4  # shapes are filled at so many times the size, then area-shrunk: anti-aliased
FRACTION = 4  # bits behind the binary point of the corners


class Layer(NamedTuple):
    """alpha (S, S, 1) float32 0..1, 0 where nothing lies; colour (S, S, 3) float32 RGB 0..255."""

    alpha: np.ndarray
    colour: np.ndarray


def lay(image: np.ndarray, layer: Layer) -> np.ndarray:
    """The picture (S, S, 3) uint8 RGB under the layer -> the same kind: its own pixels where alpha is 0, the layer's
    colour where it is 1."""
    seen = image.astype(np.float32)
    seen += layer.alpha * (layer.colour - seen)
    return np.rint(seen, out=seen).clip(0, 255).astype(np.uint8)


class Painting:
    """Paint put on one coat over the other, at last a Layer of `size` pixels a side.

    rows: first row and the one after the last of the strip that is painted; coats are as high as it. Default: all.
    """

    def __init__(self, size: int, rows: tuple[int, int] | None = None):
        self.size, self.rows = size, rows or (0, size)
        self.shape = self.rows[1] - self.rows[0], size
        self._alpha = np.zeros((*self.shape, 1), np.float32)
        self._colour = np.zeros((*self.shape, 3), np.float32)  # times alpha
        self._box = (size, size, 0, 0)  # left, top, right, bottom of what is painted

    def over(self, alpha: np.ndarray, colour: Sequence[float] | np.ndarray, corner: tuple[int, int] = (0, 0)) -> None:
        """A coat on top. alpha: (H, W) float32 0..1; colour: RGB 0..255, (3,) or (H, W, 3); corner: x y of a coat
        smaller than the painting."""
        x, y, w, h = cv2.boundingRect((alpha > 0).view(np.uint8))
        if not w:
            return
        there, (left, top) = (slice(y, y + h), slice(x, x + w)), (corner[0] + x, corner[1] + y)
        here = slice(top, top + h), slice(left, left + w)
        coat, shade = alpha[there][..., None], np.asarray(colour, np.float32)
        shade = shade[there] if shade.ndim == 3 else shade
        for values, new in ((self._colour[here], shade), (self._alpha[here], np.float32(1))):
            values += coat * (new - values)
        box = self._box
        self._box = min(box[0], left), min(box[1], top), max(box[2], left + w), max(box[3], top + h)

    def grain(self, texture: np.ndarray) -> None:
        """Gives all coats so far a texture, (H, W), a factor about 1."""
        left, top, right, bottom = self.box(0)
        if right > left and bottom > top:
            self._colour[top:bottom, left:right] *= texture[top:bottom, left:right, None]

    def layer(self, soften: float = 0.0) -> Layer:
        """All coats as one, blurred by so many pixels (sigma)."""
        layer = Layer(np.zeros((self.size, self.size, 1), np.float32), np.zeros((self.size, self.size, 3), np.float32))
        left, top, right, bottom = self.box(int(np.ceil(3 * soften)))
        if right <= left or bottom <= top:
            return layer
        part = slice(top, bottom), slice(left, right)
        alpha = np.minimum(blurred(self._alpha[part][..., 0], soften), 1)[..., None]
        colour = blurred(self._colour[part], soften)
        there = slice(self.rows[0] + top, self.rows[0] + bottom), part[1]
        layer.alpha[there] = alpha
        np.minimum(colour / np.maximum(alpha, 1e-6), 255, out=layer.colour[there])
        return layer

    def box(self, margin: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what is painted, and some pixels around it, within the painting."""
        left, top, right, bottom = self._box
        return (
            max(0, left - margin),
            max(0, top - margin),
            min(self.shape[1], right + margin),
            min(self.shape[0], bottom + margin),
        )


def filled(shape: tuple[int, int], outlines: Sequence[np.ndarray], holes: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Closed outlines (N, 2) in pixels (x y, pixel centres at integers), filled, less the holes -> `shape`, float32
    0..1, anti-aliased; an eighth of a pixel larger all around, for OpenCV fills the outline itself too."""
    found = np.zeros(shape, np.float32)
    left, top, right, bottom = covered(outlines, shape)
    if right <= left or bottom <= top:
        return found
    fine = np.zeros(((bottom - top) * FINE, (right - left) * FINE), np.uint8)
    for one, value in [(one, 255) for one in outlines] + [(one, 0) for one in holes]:
        # a pixel's centre lies in the middle of its FINE x FINE fine ones
        places = (one - (left, top) + 0.5) * FINE - 0.5
        cv2.fillPoly(fine, [np.rint(places * 2**FRACTION).astype(np.int32)], value, shift=FRACTION)
    part = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    np.multiply(part, np.float32(1 / 255), out=found[top:bottom, left:right])
    return found


def ribbon(line: np.ndarray, widths: float | np.ndarray) -> np.ndarray:
    """The outline (2N, 2) of a band along a line (N, 2); widths in pixels, one or (N,)."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-6)[:, None]
    half = across * np.broadcast_to(np.asarray(widths) / 2, len(line))[:, None]
    return np.concatenate([line + half, (line - half)[::-1]])


def curve(start: np.ndarray, bend: np.ndarray, end: np.ndarray, points: int = 16) -> np.ndarray:
    """A quadratic Bezier curve -> (points, 2)."""
    t = np.linspace(0, 1, points)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end


def covered(outlines: Sequence[np.ndarray], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels that outlines (N, 2) touch, within `shape`; empty boxes are so."""
    corners = np.concatenate(outlines) if outlines else np.zeros((1, 2))
    left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0).tolist()
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, shape[::-1]).tolist()
    return left, top, max(left, right), max(top, bottom)


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; sigma in pixels, none below a tenth of one."""
    return cv2.GaussianBlur(values, (0, 0), sigma) if sigma >= 0.1 else values
