"""Putting what a network changed in a crop into its picture: the picture's own pixels, plus the change at their size.

The change of a crop, result - crop, is smooth: what is finer than the crop can show (pores, lashes, stubble, grain) is
in the picture only. It is therefore the change that is enlarged and added, not the painted crop, which would be soft in
every face larger than itself.
"""

from __future__ import annotations

import functools

import cv2
import numba
import numpy as np

from paddle_mfs.face.geometry import compose, invert, scale_of, transform

EDGE = 0.03  # the change fades to 0 over this part of the crop's side, so that the crop's border never shows
NEGLIGIBLE = 1 / 512  # a smaller change moves no 8-bit value by more than half a step
BITS = 5
STEPS = 1 << BITS  # places between two pixels for which the weights of interpolation are known, as in OpenCV


def paste(
    image: np.ndarray,
    change: np.ndarray,
    matrix: np.ndarray,
    crop: np.ndarray | None = None,
    damping: np.ndarray | None = None,
    inplace: bool = False,
) -> np.ndarray:
    """Add the change of a crop to the picture it was cut from, in the picture's own frame.

    result = image + 255 change - damping (image - crop): what is finer than the crop stays, or goes where it is damped.
    Change, crop and damping are interpolated cubically; of a face smaller than the crop, each pixel gets the mean of
    what it covers.

    Args:
        image: (H, W, 3) uint8 RGB.
        change: (S, S, 3) float32 RGB in [-1, 1], swapped face - crop; it fades out at the crop's border.
        matrix: (2, 3), image -> crop, as `align` returns it.
        crop, damping: None, or (S, S, 3) uint8 RGB and (S, S) float32 in [0, 1], see `detail.contradicted_detail`.
        inplace: write into `image` instead of a copy.
    Returns: (H, W, 3) uint8 RGB; pixels that nothing reaches are bit-identical to `image`.
    """
    if damping is None or crop is None:
        crop, damping = _undamped(change.shape)
    layer = _layer(change, crop, damping, _fade(change.shape[:2]), np.float32(NEGLIGIBLE))
    layer, matrix = _shrunk(layer, matrix)
    layer = cv2.copyMakeBorder(layer, 2, 2, 2, 2, cv2.BORDER_CONSTANT)
    reached = _reached(layer)
    output = image if inplace else image.copy()
    x1, y1, x2, y2 = _rectangle(reached, matrix, image.shape)
    if x2 > x1 and y2 > y1:
        matrix = compose(matrix, np.array([[1.0, 0, x1], [0, 1, y1]]))
        _add(output[y1:y2, x1:x2], layer, reached, matrix, _CUBIC)
    return output


@functools.lru_cache(maxsize=8)
def _undamped(shape):
    """Crop and damping of a change that comes without. Not to be written into."""
    return np.zeros(shape, np.uint8), np.zeros(shape[:2], np.float32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _layer(change, crop, damping, fade, negligible):
    """(S, T, 4) float32: what is added, in 8-bit steps, and the share of the picture that goes."""
    height, width = damping.shape
    layer = np.zeros((height, width, 4), np.float32)
    for y in range(height):
        for x in range(width):
            gone, red, green, blue = damping[y, x], change[y, x, 0], change[y, x, 1], change[y, x, 2]
            if max(abs(red), abs(green), abs(blue), gone) >= negligible:
                layer[y, x, 0] = fade[y, x] * (np.float32(255) * red + gone * crop[y, x, 0])
                layer[y, x, 1] = fade[y, x] * (np.float32(255) * green + gone * crop[y, x, 1])
                layer[y, x, 2] = fade[y, x] * (np.float32(255) * blue + gone * crop[y, x, 2])
                layer[y, x, 3] = fade[y, x] * gone
    return layer


def _shrunk(layer, matrix):
    """The layer at the size of a face that is smaller than the crop, by area averaging; the matrix goes with it."""
    height, width = layer.shape[:2]
    size = max(round(width / scale_of(matrix)), 1), max(round(height / scale_of(matrix)), 1)
    if size[0] >= width or size[1] >= height:
        return layer, matrix
    x, y = size[0] / width, size[1] / height
    to_shrunk = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])  # pixel centres are integers
    return cv2.resize(layer, size, interpolation=cv2.INTER_AREA), compose(to_shrunk, matrix)


def _cubic():
    """(STEPS, 4) float32: weights of four neighbours, the place is between the middle two (Keys' kernel, a = -0.75)."""
    t = np.arange(STEPS) / STEPS
    outer, inner = (lambda d: ((-0.75 * d + 3.75) * d - 6) * d + 3), (lambda d: (1.25 * d - 2.25) * d * d + 1)
    return np.stack([outer(1 + t), inner(t), inner(1 - t), outer(2 - t)], 1).astype(np.float32)


_CUBIC = _cubic()


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _reached(layer):
    """(S + 4, T + 4) uint8: 1 where, from this pixel of the layer and its border on, any of 4 x 4 pixels is not 0."""
    reached = np.zeros(layer.shape[:2], np.uint8)
    for y in range(2, layer.shape[0] - 2):
        for x in range(2, layer.shape[1] - 2):
            if layer[y, x, 0] != 0 or layer[y, x, 1] != 0 or layer[y, x, 2] != 0 or layer[y, x, 3] != 0:
                reached[max(y - 3, 0) : y + 1, max(x - 3, 0) : x + 1] = 1
    return reached


@numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")
def _add(part, layer, reached, matrix, cubic):
    """Lay `layer` (S + 4, T + 4, 4) float32, with a border of zeros, over `part` (h, w, 3) uint8.

    reached: see `_reached`. matrix: part -> layer without its border.
    """
    zero, one, half, most = np.float32(0), np.float32(1), np.float32(0.5), np.float32(255)
    height, width = layer.shape[0] - 4, layer.shape[1] - 4
    for y in range(part.shape[0]):
        for x in range(part.shape[1]):
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            if u <= -1 or v <= -1 or u >= width or v >= height:
                continue
            across, down = int((u + 1) * STEPS + 0.5), int((v + 1) * STEPS + 0.5)
            a, row, across, down = across >> BITS, down >> BITS, across & STEPS - 1, down & STEPS - 1
            if not reached[row, a]:
                continue
            b, c, d = a + 1, a + 2, a + 3
            red = green = blue = gone = zero
            for i in range(4):
                line, k = layer[row + i], cubic[down, i]
                ka, kb, kc, kd = k * cubic[across, 0], k * cubic[across, 1], k * cubic[across, 2], k * cubic[across, 3]
                red += ka * line[a, 0] + kb * line[b, 0] + kc * line[c, 0] + kd * line[d, 0]
                green += ka * line[a, 1] + kb * line[b, 1] + kc * line[c, 1] + kd * line[d, 1]
                blue += ka * line[a, 2] + kb * line[b, 2] + kc * line[c, 2] + kd * line[d, 2]
                gone += ka * line[a, 3] + kb * line[b, 3] + kc * line[c, 3] + kd * line[d, 3]
            kept = one - gone
            part[y, x, 0] = int(min(max(part[y, x, 0] * kept + red, zero), most) + half)
            part[y, x, 1] = int(min(max(part[y, x, 1] * kept + green, zero), most) + half)
            part[y, x, 2] = int(min(max(part[y, x, 2] * kept + blue, zero), most) + half)


@functools.lru_cache(maxsize=8)
def _fade(shape):
    """(H, W) float32: 1, but towards the border it goes to 0. Not to be written into."""
    ramps = []
    for length in shape:
        distance = np.minimum(np.arange(length), np.arange(length)[::-1])
        ramps.append((distance / max(EDGE * length, 1)).clip(0, 1))
    return np.minimum.outer(*ramps).astype(np.float32)


def _rectangle(reached, matrix, shape):
    """x1 y1 x2 y2 (end exclusive) of the picture's pixels that are reached; empty when there are none."""
    rows, columns = np.flatnonzero(reached.any(1)), np.flatnonzero(reached.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    left, right, top, bottom = columns[0] - 1, columns[-1], rows[0] - 1, rows[-1]  # the pixel at (row - 1, column - 1)
    corners = transform(
        np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float64), invert(matrix)
    )
    x1, y1 = np.floor(corners.min(0)).astype(int) - 1
    x2, y2 = np.ceil(corners.max(0)).astype(int) + 2
    return max(x1, 0), max(y1, 0), min(x2, shape[1]), min(y2, shape[0])
