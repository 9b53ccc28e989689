"""Does an exported network still give what dygraph gives?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_mfs.models.idn import UNCHANGED
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch

if TYPE_CHECKING:
    import paddle

TOLERANCE = 1e-5  # of a pixel in [0, 1]


def crops_to_batch(crops: Sequence[np.ndarray]) -> np.ndarray:
    """(224, 224, 3) uint8 RGB crops -> (2N, 3, 224, 224) float32 in [0, 1].

    Each crop is followed by its mirror image.
    """
    both = [version for crop in crops for version in (crop, crop[:, ::-1])]
    return to_batch(both)


def reference(idn: paddle.nn.Layer, batch: np.ndarray) -> list[np.ndarray]:
    """Dygraph results of (N, 3, S, S) float32 -> [result (N, 3, S, S), mask (N, 1, S, S)], one crop at a time.

    Paddle's own operators run: they define the network, and their rounding is what its inference programs share.
    """
    import paddle

    from paddle_mfs.ops.layers import plain_operators

    with paddle.no_grad(), plain_operators():
        pairs = [[output.numpy() for output in idn(paddle.to_tensor(x[None]))] for x in batch]
    return [np.concatenate(outputs) for outputs in zip(*pairs)]


def compare(
    name: str | Path,
    expected: Sequence[np.ndarray],
    batch: np.ndarray,
    run: Callable[[np.ndarray], Sequence[np.ndarray]],
) -> float:
    """Largest difference of `run` from the dygraph outputs over a batch of real crops.

    Args:
        name: what the error message names (the exported file).
        expected: [result, mask] from `reference`.
        batch: (N, 3, S, S) float32 in [0, 1].
        run: callable (1, 3, S, S) -> [result, mask].
    Raises: UserError when the difference exceeds 1e-5, when something is not finite, or when the network returns its
        input (then any two programs agree and the comparison says nothing).
    """
    for x, result in zip(batch, expected[0]):
        if not np.abs(result - x).max() > UNCHANGED:
            raise UserError(f"{name}: the network returns its input: these weights do not swap; use other weights")
    differences = (
        np.abs(np.asarray(output) - wanted[index : index + 1]).max()
        for index, x in enumerate(batch)
        for output, wanted in zip(run(x[None]), expected)
    )
    return _largest(name, differences, TOLERANCE)


def agree(
    name: str | Path, expected: Sequence[np.ndarray], outputs: Sequence[np.ndarray], tolerance: float = TOLERANCE
) -> float:
    """Largest difference of a network's outputs from the dygraph ones, as a share of the output's largest value.

    Args:
        name: what the error message names. expected, outputs: arrays of any shapes, one an output; outputs that are
            shaped otherwise but hold as many values are taken as they come.
    Raises: UserError when the difference exceeds `tolerance`, when something is not finite, or outputs are missing.
    """
    if [value.size for value in expected] != [value.size for value in outputs]:
        raise UserError(f"{name}: has other outputs than in dygraph; the export is wrong, do not use it")
    differences = (
        np.abs(output.ravel() - wanted.ravel()).max() / max(np.abs(wanted).max(), 1e-6)
        for wanted, output in zip(expected, outputs)
    )
    return _largest(name, differences, tolerance, " of its largest value")


def _largest(name, differences, tolerance, unit=""):
    """The largest of them, infinite when one is not finite; raises UserError when it exceeds the tolerance."""
    worst = max(float(difference) if np.isfinite(difference) else float("inf") for difference in differences)
    if worst > tolerance:
        raise UserError(
            f"{name}: differs from dygraph by {worst:.1e}{unit}, more than {tolerance:.0e}; "
            "the export is wrong, do not use it"
        )
    return worst
