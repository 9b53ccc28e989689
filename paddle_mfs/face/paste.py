"""Putting a swapped crop back into its picture: only what the mask reaches is computed, the rest stays bit for bit."""

from __future__ import annotations

import functools

import cv2
import numba
import numpy as np

from paddle_mfs.face.geometry import invert, scale_of, shrink_region, transform

EDGE = 0.03  # the mask fades to 0 over this part of the crop's side, so that the crop's border never shows
NEGLIGIBLE = 1 / 512  # a mask below this changes no 8-bit value by more than half a step
BITS = 5
STEPS = 1 << BITS  # places between two pixels for which the weights of interpolation are known, as in OpenCV


def paste(
    image: np.ndarray, result: np.ndarray, mask: np.ndarray, matrix: np.ndarray, inplace: bool = False
) -> np.ndarray:
    """Blend a crop into the picture it was cut from: image * (1 - m) + result * m, in the picture's own frame.

    The result is interpolated cubically, the mask linearly.

    Args:
        image: (H, W, 3) uint8 RGB.
        result: (S, S, 3) RGB, uint8 or float in [0, 1].
        mask: (S, S) float in [0, 1], 1 = take the result.
        matrix: (2, 3), image -> crop, as `align` returns it.
        inplace: write into `image` instead of a copy.
    Returns: (H, W, 3) uint8 RGB; pixels the mask does not reach are bit-identical to `image`.
    """
    if mask.shape != result.shape[:2]:
        raise ValueError(f"paste: mask {mask.shape} and result {result.shape} differ in size")
    scale = np.float32(1 if result.dtype == np.uint8 else 255)
    result, mask = np.ascontiguousarray(result, np.float32), _faded(mask)
    output = image if inplace else image.copy()
    x1, y1, x2, y2 = _rectangle(mask, matrix, image.shape)
    if x2 <= x1 or y2 <= y1:
        return output
    to_part = invert(matrix)
    to_part[:, 2] -= x1, y1
    factor = int(scale_of(matrix))
    if factor >= 2:  # a small face: each of its pixels sees all pixels of the crop that it covers
        result, _ = shrink_region(result, to_part, (x2 - x1, y2 - y1), factor)
        mask, to_part = shrink_region(mask, to_part, (x2 - x1, y2 - y1), factor)
    mask = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    _blend(output[y1:y2, x1:x2], result, scale, mask, invert(to_part), _CUBIC)
    return output


def _cubic():
    """(STEPS, 4) float32: weights of four neighbours, the place is between the middle two (Keys' kernel, a = -0.75)."""
    t = np.arange(STEPS) / STEPS
    outer, inner = (lambda d: ((-0.75 * d + 3.75) * d - 6) * d + 3), (lambda d: (1.25 * d - 2.25) * d * d + 1)
    return np.stack([outer(1 + t), inner(t), inner(1 - t), outer(2 - t)], 1).astype(np.float32)


_CUBIC = _cubic()


@numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")
def _blend(part, result, scale, mask, matrix, cubic):
    """Blend into `part` (h, w, 3) uint8; result (S, T, 3) float32, times `scale` 0..255; mask (S + 2, T + 2) float32
    with a border of zeros; matrix: part -> result."""
    height, width = result.shape[:2]
    low, high = np.float32(0), np.float32(255)
    for y in range(part.shape[0]):
        for x in range(part.shape[1]):
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            if u <= -1 or v <= -1 or u >= width or v >= height:
                continue
            across, down = int((u + 1) * STEPS + 0.5), int((v + 1) * STEPS + 0.5)
            column, row, across, down = across >> BITS, down >> BITS, across & STEPS - 1, down & STEPS - 1
            if column > width or row > height:
                continue
            p, q = np.float32(across) / np.float32(STEPS), np.float32(down) / np.float32(STEPS)
            weight = (mask[row, column] * (1 - p) + mask[row, column + 1] * p) * (1 - q) + (
                mask[row + 1, column] * (1 - p) + mask[row + 1, column + 1] * p
            ) * q
            if weight <= 0:
                continue
            a, b = max(column - 2, 0), max(column - 1, 0)  # beyond the edge, the edge again
            c, d = min(column, width - 1), min(column + 1, width - 1)
            red = green = blue = low
            for i in range(4):
                line, k = min(max(row - 2 + i, 0), height - 1), cubic[down, i] * scale
                ka, kb, kc, kd = k * cubic[across, 0], k * cubic[across, 1], k * cubic[across, 2], k * cubic[across, 3]
                red += (
                    ka * result[line, a, 0]
                    + kb * result[line, b, 0]
                    + kc * result[line, c, 0]
                    + kd * result[line, d, 0]
                )
                green += (
                    ka * result[line, a, 1]
                    + kb * result[line, b, 1]
                    + kc * result[line, c, 1]
                    + kd * result[line, d, 1]
                )
                blue += (
                    ka * result[line, a, 2]
                    + kb * result[line, b, 2]
                    + kc * result[line, c, 2]
                    + kd * result[line, d, 2]
                )
            old = np.float32(part[y, x, 0])
            part[y, x, 0] = int(old + (min(max(red, low), high) - old) * weight + np.float32(0.5))
            old = np.float32(part[y, x, 1])
            part[y, x, 1] = int(old + (min(max(green, low), high) - old) * weight + np.float32(0.5))
            old = np.float32(part[y, x, 2])
            part[y, x, 2] = int(old + (min(max(blue, low), high) - old) * weight + np.float32(0.5))


@functools.lru_cache(maxsize=8)
def _fade(shape):
    """(H, W) float32: 1, but towards the border it goes to 0. Not to be written into."""
    ramps = []
    for length in shape:
        distance = np.minimum(np.arange(length), np.arange(length)[::-1])
        ramps.append((distance / max(EDGE * length, 1)).clip(0, 1))
    return np.minimum.outer(*ramps).astype(np.float32)


def _faded(mask):
    """The mask as float32, exactly 0 where negligible, fading to 0 at the crop's border."""
    mask = np.asarray(mask, np.float32) * _fade(mask.shape)
    return cv2.threshold(mask, NEGLIGIBLE, 0, cv2.THRESH_TOZERO)[1]


def _rectangle(mask, matrix, shape):
    """x1 y1 x2 y2 (end exclusive) of the picture's pixels that the mask reaches; empty when there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    left, right, top, bottom = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
    corners = transform(
        np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float64), invert(matrix)
    )
    x1, y1 = np.floor(corners.min(0)).astype(int) - 1
    x2, y2 = np.ceil(corners.max(0)).astype(int) + 2
    return max(x1, 0), max(y1, 0), min(x2, shape[1]), min(y2, shape[0])
