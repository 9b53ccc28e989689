"""FID: the Fréchet distance between Gaussians fitted to the features of two sets of pictures.

M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
https://arxiv.org/abs/1706.08500. Few pictures make it too large, by an amount that depends on the network under test;
`fid_infinity` takes that away: M. Chong and D. Forsyth, "Effectively Unbiased FID", https://arxiv.org/abs/1911.07023.
"""

from __future__ import annotations

import numpy as np

FEW = 2048  # pictures: with fewer, a covariance of 2048 features is not even of full rank
SIZES = 12  # of the sets that are extrapolated from


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Fréchet distance between Gaussians fitted to two sets of features, (N, D) and (M, D), N and M >= 2.

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)). The trace of the root is the sum of the singular values of X X'^T, of the
    centred features over the root of N - 1: exact, of few pictures too, and without the root of a matrix. Where there
    are more pictures than features, roots of the two covariances stand in for X and X'.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    shift = ((a.mean(0) - b.mean(0)) ** 2).sum()
    x, y = _root(a), _root(b)
    cross = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return max(0.0, float(shift + (x**2).sum() + (y**2).sum() - 2 * cross))  # below 0 by rounding alone


def _root(features):
    """(K, D) with K <= D whose product with itself, transposed first, is the features' covariance."""
    centred = (features - features.mean(0)) / np.sqrt(len(features) - 1)
    return centred if len(centred) <= centred.shape[1] else np.linalg.qr(centred, mode="r")


def fid_infinity(a: np.ndarray, b: np.ndarray, seed: int = 0) -> dict[str, float]:
    """The FID of endlessly many pictures: a line through FIDs of subsets over 1 / (pictures), at 0.

    Subsets of both sets are drawn without replacement, of a quarter of the smaller set (two pictures at least) to all
    of it, evenly in 1 / (pictures). Returns {"value", "low", "high"}: the intercept and its 95 % interval as a linear
    regression gives it, which takes the subsets for independent.
    """
    from scipy.stats import linregress, t

    rng, most = np.random.default_rng(seed), min(len(a), len(b))
    counts = np.unique(np.rint(1 / np.linspace(1 / most, 1 / max(2, most // 4), SIZES)).astype(int))
    distances = [
        frechet_distance(a[rng.permutation(len(a))[:count]], b[rng.permutation(len(b))[:count]]) for count in counts
    ]
    if len(counts) < 3:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    line = linregress(1 / counts, distances)
    half = float(line.intercept_stderr * t.ppf(0.975, len(counts) - 2))
    value = float(line.intercept)
    return {"value": value, "low": value - half, "high": value + half}
