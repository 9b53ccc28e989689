"""Means with 95 % intervals, by the percentile bootstrap over pairs with a fixed seed.

The bootstrap resamples whole pairs, so it needs no normality, and it gives ratios such as `progress` an interval that
knows their numerator and denominator come from the same pairs. `interval` is of means, and of the cards of weights;
`bootstrap` is scipy's, of any statistic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

METHOD = "percentile bootstrap over pairs, 10000 resamples, seed 0, 95 %"
RESAMPLES = 9999


def interval(
    rows: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, float]:
    """A statistic of the mean of rows with its bootstrap interval -> {"value", "low", "high"} (floats).

    Args:
        rows: (n, k) one row of k numbers a pair.
        statistic: maps means (..., k) to (...); it sees every resample's column means at once.
    """
    rows = np.asarray(rows, np.float64)
    picks = np.random.RandomState(seed).randint(len(rows), size=(resamples, len(rows)))
    # A resample's mean is its counts times the rows: (resamples, n) x (n, k).
    counts = np.stack([np.bincount(pick, minlength=len(rows)) for pick in picks])
    values = statistic(counts @ rows / len(rows))
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {"value": float(statistic(rows.mean(0))), "low": float(low), "high": float(high)}


def mean_interval(values: np.ndarray, **options: Any) -> dict[str, float]:
    """Mean of n values with its 95 % interval -> {"value", "low", "high"}; options: of `interval`."""
    return interval(np.asarray(values, np.float64)[:, None], lambda means: means[..., 0], **options)


def bootstrap(statistic: Callable[..., Any], *columns: np.ndarray, seed: int = 0) -> dict[str, float | None]:
    """A statistic of paired columns with its 95 % interval by scipy.stats.bootstrap -> {"value", "low", "high"}; of one
    pair, which has no interval, low and high are None.

    Args:
        statistic: maps columns (..., n), and axis=-1, to (...).
        columns: (n,) each, of the same pairs, which are drawn together.
    """
    from scipy import stats

    value = float(statistic(*columns, axis=-1))
    if len(columns[0]) < 2:
        return {"value": value, "low": None, "high": None}
    # In parts of some MB, however many pairs there are.
    found = stats.bootstrap(
        columns,
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, 2**19 // len(columns[0])),
        vectorized=True,
        paired=True,
        axis=-1,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return {"value": value, "low": float(found.low), "high": float(found.high)}


def progress(no_swap: np.ndarray, result: np.ndarray, teacher: np.ndarray, **options: Any) -> dict[str, float]:
    """(no_swap - result) / (no_swap - teacher) of the mean distances: 0 like no swap, 1 like the teacher; with its
    interval.

    Args:
        no_swap, result, teacher: (n,) distances of the same pairs. options: of `interval`.
    """

    def ratio(means):
        return (means[..., 0] - means[..., 1]) / np.maximum(means[..., 0] - means[..., 2], 1e-9)

    return interval(np.stack([no_swap, result, teacher], 1), ratio, **options)
