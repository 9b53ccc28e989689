"""Similarity transforms and anti-aliased warping. Pixel frame everywhere: pixel centres at integers, as OpenCV's.

A 2x3 matrix M maps a point of one picture to another: q = M[:, :2] p + M[:, 2].
"""

from __future__ import annotations

import cv2
import numpy as np


def similarity(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """Least-squares similarity (rotation, uniform scale, translation; never a reflection) from `src` to `dst`.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", TPAMI 1991, eqs. 40-43.

    Args:
        src, dst: (K, 2) points, K >= 2, not all equal.
    Returns: (2, 3) float64 matrix.
    """
    src, dst = np.asarray(src, np.float64), np.asarray(dst, np.float64)
    if src.shape != dst.shape or src.ndim != 2 or src.shape[1] != 2 or len(src) < 2:
        raise ValueError(f"similarity needs two (K, 2) arrays with K >= 2, got {src.shape} and {dst.shape}")
    src_mean, dst_mean = src.mean(0), dst.mean(0)
    a, b = src - src_mean, dst - dst_mean
    spread = (a**2).sum()
    if spread == 0:
        raise ValueError("similarity: the source points are all equal")
    u, singular, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    linear = (singular * sign).sum() / spread * (u * sign) @ vt
    return np.column_stack([linear, dst_mean - linear @ src_mean])


def transform(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a (2, 3) matrix to (..., 2) points."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def invert(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a (2, 3) matrix; zeros where there is none."""
    return cv2.invertAffineTransform(matrix)  # numpy's inverse wakes BLAS threads, which then spin for 15 ms


def scale_of(matrix: np.ndarray) -> float:
    """Length in the destination of one source pixel (square root of the determinant)."""
    (a, b), (c, d) = matrix[:, :2]
    return float(np.sqrt(abs(a * d - b * c)))  # numpy's det goes through logarithms: not 1/8, but a little more


def warp(
    image: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_CONSTANT,
    value: float = 0,
) -> np.ndarray:
    """Resample `image` through `matrix` without aliasing.

    When the result is less than half as large as the source, the source region is first shrunk by an integer factor
    with area averaging, so that each result pixel sees all source pixels it covers. Only the region seen is read.

    Args:
        image: (H, W) or (H, W, C), uint8 or float32.
        matrix: (2, 3), image -> result.
        size: (width, height) of the result.
        interpolation, border, value: as in `cv2.warpAffine`.
    Returns: (height, width[, C]), same dtype.
    """
    factor = int(1 / max(scale_of(matrix), 1e-6))
    if factor >= 2:
        image, matrix = shrink_region(image, matrix, size, factor)
    return cv2.warpAffine(image, matrix, size, flags=interpolation, borderMode=border, borderValue=value)


def shrink_region(
    image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], factor: int
) -> tuple[np.ndarray, np.ndarray]:
    """Area-shrink by `factor` the part of the image that the result sees; the matrix is adapted to the shrunk part."""
    height, width = image.shape[:2]
    factor = min(factor, width, height)
    corners = np.array([[0, 0], [size[0] - 1, 0], [0, size[1] - 1], [size[0] - 1, size[1] - 1]], np.float64)
    seen = transform(corners, invert(matrix))
    margin = 3 * factor
    x1, y1 = (np.floor(seen.min(0)) - margin).clip(0, [width - factor, height - factor]).astype(int)
    x2, y2 = (np.ceil(seen.max(0)) + margin).clip(factor, [width, height]).astype(int)
    columns, rows = max((x2 - x1) // factor, 1), max((y2 - y1) // factor, 1)
    part = image[y1 : y1 + rows * factor, x1 : x1 + columns * factor]
    shrunk = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    # shrunk pixel i covers source pixels x1 + factor*i ... x1 + factor*i + factor-1: its centre lies (factor-1)/2 on
    to_source = np.array([[factor, 0, x1 + (factor - 1) / 2], [0, factor, y1 + (factor - 1) / 2]], np.float64)
    return shrunk, compose(matrix, to_source)


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The matrix that applies `inner`, then `outer`."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])
