"""Jitter, lag and overshoot of points followed through a clip: how steady they are, and what steadiness costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar


def jitter(points: np.ndarray, size: float) -> float:
    """Temporal jitter of a face that holds still: RMS distance of a point from its place a frame before, per mille of
    the face.

    Args:
        points: (T, K, 2) pixels, frame by frame. size: the face's in pixels.
    """
    return _per_mille(np.diff(np.asarray(points, np.float64), axis=0), size)


def wander(points: np.ndarray, size: float) -> float:
    """RMS distance of the points of a still face from their means over the clip, per mille of the face; sees slow
    drift, which `jitter` does not see. Arguments as for `jitter`."""
    points = np.asarray(points, np.float64)
    return _per_mille(points - points.mean(0), size)


def lag(points: np.ndarray, times: np.ndarray, path: Callable[[np.ndarray], np.ndarray], longest: float = 0.5) -> float:
    """Seconds by which the points follow late: the time shift of the true path that fits them best, whatever their
    offset.

    Args:
        points: (T, K, 2) pixels. times: (T,) seconds.
        path: callable, (T,) seconds -> (T, K, 2), where the points truly were.
        longest: seconds; looked for between -longest and longest, to 0.1 ms.
    """
    points, times = np.asarray(points, np.float64), np.asarray(times, np.float64)

    def misfit(shift):
        difference = points - path(times - shift)
        return float(((difference - difference.mean(0)) ** 2).mean())

    shifts = np.linspace(-longest, longest, 201)
    best = shifts[np.argmin([misfit(shift) for shift in shifts])]
    step = shifts[1] - shifts[0]
    return float(
        minimize_scalar(misfit, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-4}).x
    )


def overshoot(points: np.ndarray, truth: np.ndarray, size: float) -> float:
    """How far the points' mean goes beyond the truth's range in x or y, in per mille of the face, at worst; 0: it never
    does.

    A constant offset of the points is taken out: their median difference from the truth, which should rest most of the
    time.

    Args:
        points, truth: (T, K, 2) pixels. size: the face's in pixels.
    """
    points, truth = np.asarray(points, np.float64).mean(1), np.asarray(truth, np.float64).mean(1)
    points = points - np.median(points - truth, axis=0)
    return float(max((points - truth.max(0)).max(), (truth.min(0) - points).max(), 0) * 1000 / size)


def _per_mille(offsets, size):
    return float(1000 * np.sqrt((offsets**2).sum(-1).mean()) / size)
