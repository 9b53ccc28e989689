"""Retrieval: is the source of a result the nearest face of a gallery of all sources?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of descriptors, row by row: (N, D), (N, D) -> (N,) in [-1, 1]."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return (a * b).sum(-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-12)


def nearest(results: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """The face of the gallery at the smallest Euclidean distance: (N, D), (G, D) -> (N,) places in the gallery; of
    equals the first. Of descriptors of unit length that is the one of the largest cosine."""
    a, b = np.asarray(results, np.float64), np.asarray(gallery, np.float64)
    return np.argmin((b**2).sum(1) - 2 * a @ b.T, axis=1)


def top1(results: np.ndarray, gallery: np.ndarray, wanted: Sequence[int]) -> np.ndarray:
    """Whether each result's nearest face is its source -> (N,) bool. wanted: the source's place in the gallery."""
    return nearest(results, gallery) == np.asarray(wanted)
