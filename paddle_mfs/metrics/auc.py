"""Area under the ROC curve of a detector: how often a fake scores above a real picture. Hanley and McNeil 1982,
https://doi.org/10.1148/radiology.143.1.7063747."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_mfs.metrics.statistics import bootstrap


def auc(real: np.ndarray, fake: np.ndarray, people: Sequence[str]) -> dict[str, float | None]:
    """Area under the ROC curve with its 95 % interval -> {"value", "low", "high"}: 1 separates all, 0.5 is chance.

    Pictures of one person resemble each other, so people are drawn, with all of their pictures.

    Args:
        real, fake: (n,) scores of n pairs, larger for what looks like a fake; ties count half.
        people: (n,) whom the pairs show.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    names, of_pair = np.unique(np.asarray(people), return_inverse=True)
    member = np.eye(len(names))[of_pair]  # (n, people)
    wins = np.greater.outer(fake, real) + 0.5 * np.equal.outer(fake, real)
    table, pairs = member.T @ wins @ member, member.sum(0)  # wins of a person's fakes over another's real pictures

    def statistic(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        rows = drawn.reshape(-1, len(names)).astype(int)
        times = np.stack([np.bincount(row, minlength=len(names)) for row in rows])
        return (((times @ table) * times).sum(1) / (times @ pairs) ** 2).reshape(drawn.shape[:-1])

    return bootstrap(statistic, np.arange(len(names)))
