"""KID: the squared maximum mean discrepancy of features, unbiased, so of use for small sets too.

M. Bińkowski et al., "Demystifying MMD GANs", https://arxiv.org/abs/1801.01401.
"""

from __future__ import annotations

import numpy as np

SUBSETS, SUBSET = 100, 100  # how many, and of how many pictures


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cubic kernel (a . b / D + 1)^3 of features: (N, D), (M, D) -> (N, M)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy of two sets of features, (N, D), (M, D), N and M >= 2.

    It is 0 on average for sets of one kind, and below 0 as often as above.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    own = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return float(sum(own) - 2 * kernel(a, b).mean())


def kid(a: np.ndarray, b: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Mean of `squared_mmd` over subsets drawn without replacement, and the range of 95 % of them.

    Returns: {"value", "low", "high"}; of 100 pictures each of a set, of a half where the smaller set has under 200.
    """
    rng, size = np.random.default_rng(seed), min(SUBSET, max(2, min(len(a), len(b)) // 2))
    values = [
        squared_mmd(a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)])
        for _ in range(SUBSETS)
    ]
    low, high = np.quantile(values, [0.025, 0.975])
    return {"value": float(np.mean(values)), "low": float(low), "high": float(high)}
