"""What Q, the quality network of the loss reweighting, is worth on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from scipy.stats import spearmanr

from paddle_mfs.models.quality import QualityNet
from paddle_mfs.utils.tensor import to_batch


@paddle.no_grad()
def qualities(net: QualityNet, images: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Q of crops (N, S, S, 3) uint8 RGB -> (N,) float32; the network is left in eval mode."""
    net.eval()
    return np.concatenate(
        [net(paddle.to_tensor(to_batch(images[i : i + 64]))).numpy() for i in range(0, len(images), 64)]
    )


def judge(net: QualityNet, series: Sequence[Sequence[tuple[str, float, np.ndarray]]]) -> dict[str, Any]:
    """What Q makes of held-out series (`judged` of a labelled set) -> dict for the card.

    mse and, to compare, that of the best constant; spearman: rank correlation of Q and label; for each kind the mean Q,
    the mean label, and in how many of the series it was ranked below the best image of its series (quality 1).
    """
    labels = np.array([[quality for _, quality, _ in row] for row in series])
    given = qualities(net, [image for row in series for *_, image in row]).reshape(labels.shape)
    best, kinds = int(labels[0].argmax()), [kind for kind, *_ in series[0]]
    of_kind = {
        kind: {
            "q": given[:, i].mean(),
            "label": labels[:, i].mean(),
            "below_best": (given[:, i] < given[:, best]).mean(),
        }
        for i, kind in enumerate(kinds)
    }
    del of_kind[kinds[best]]["below_best"]
    numbers = {
        "mse": ((given - labels) ** 2).mean(),
        "mse_of_a_constant": labels.var(),
        "spearman": spearmanr(given.ravel(), labels.ravel()).statistic,
    }
    return {
        "images": int(labels.size),
        **{name: round(float(value), 4) for name, value in numbers.items()},
        "kinds": {kind: {name: round(float(value), 3) for name, value in row.items()} for kind, row in of_kind.items()},
    }
