"""Resampling as products with constant matrices: bilinear x2 and area averaging, backward as fast as forward.

Paddle 2.6 runs bilinear upsampling as scalar loops on the CPU, and adaptive pooling has a slow backward.
"""

import functools
import math

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle.autograd import PyLayer

from paddle_mfs.ops import cpu_products
from paddle_mfs.ops.layers import compiled, matmul


class _MixRows(PyLayer):
    @staticmethod
    def forward(ctx, x, band, transposed):
        ctx.transposed = transposed
        return band.times(x)

    @staticmethod
    def backward(ctx, gradient):
        return ctx.transposed.times(gradient)


class Resampling:
    """x (N, C, H, W) -> rows @ x @ columns.T, plane by plane; rows (R, H) and columns (Q, W) are float32 arrays."""

    def __init__(self, rows: np.ndarray, columns: np.ndarray):
        self._band, self._transposed = cpu_products.Band(rows), cpu_products.Band(rows.T)
        self._rows, self._columns = paddle.to_tensor(rows), paddle.to_tensor(columns.T.copy())

    def __call__(self, x: paddle.Tensor) -> paddle.Tensor:
        if compiled(x):
            return _MixRows.apply(matmul(x, self._columns), self._band, self._transposed)
        return paddle.matmul(self._rows, paddle.matmul(x, self._columns))


def _upsampling_matrix(size, half_pixel, ring):
    """Matrix (2*size + 2*ring, size) of bilinear x2 upsampling in one dimension."""
    if half_pixel:
        position = (np.arange(-ring, 2 * size + ring) + 0.5) / 2 - 0.5
    else:
        position = np.arange(2 * size) * (size - 1) / (2 * size - 1)
    distance = np.abs(position[:, None] - np.arange(size))
    return (1 - distance).clip(0).astype(np.float32)  # beyond the edge there is nothing, which counts as zero


@functools.cache
def _upsampling(height, width, half_pixel, ring):
    return Resampling(*(_upsampling_matrix(size, half_pixel, ring) for size in (height, width)))


def upsample2x(x: paddle.Tensor, half_pixel: bool = False, ring: int = 0) -> paddle.Tensor:
    """Bilinear x2: (N, C, H, W) -> (N, C, 2H, 2W).

    Args:
        half_pixel: False: align_corners=True, the public network's. True: align_corners=False, and beyond its edge
            the map goes on as zeros instead of repeating its last pixel: then upsampling is a
            convolution, also at the edge.
        ring: of the half-pixel form, pixels more on every side, as a convolution without padding wants:
            (N, C, 2H+2ring, 2W+2ring).
    """
    if compiled(x):
        return _upsampling(*x.shape[2:], half_pixel, ring)(x)
    if not half_pixel:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    y = F.interpolate(F.pad(x, [1, 1, 1, 1]), scale_factor=2, mode="bilinear", align_corners=False)
    cut = 2 - ring
    return y[:, :, cut:-cut, cut:-cut]


def area_matrix(size: int, smaller: int) -> np.ndarray:
    """(smaller, size) float32: one dimension of area resampling; A @ x @ A.T resizes."""
    matrix = np.zeros((smaller, size), np.float32)
    scale = size / smaller
    for row in range(smaller):
        start, stop = row * scale, (row + 1) * scale
        for column in range(int(start), min(size, math.ceil(stop - 1e-9))):
            matrix[row, column] = (min(stop, column + 1) - max(start, column)) / scale
    return matrix


@functools.cache
def _area_resampling(size, smaller):
    return Resampling(*[area_matrix(size, smaller)] * 2)


def area_resize(image: paddle.Tensor, smaller: int) -> paddle.Tensor:
    """(N, C, S, S) -> (N, C, smaller, smaller) by area resampling; the same tensor when it has that size already."""
    size = image.shape[-1]
    if size == smaller:
        return image
    # What is made while a program is traced belongs to that program: not kept for others, nor for tensors.
    resampling = _area_resampling if paddle.in_dynamic_mode() else _area_resampling.__wrapped__
    return resampling(size, smaller)(image)
