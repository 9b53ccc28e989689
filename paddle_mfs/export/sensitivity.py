"""Which convolutions suffer from int8: each quantised alone, and the worst ones left in float."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from paddle_mfs.export.quantise import error, layers_of, quantise
from paddle_mfs.graph.nodes import Node
from paddle_mfs.metrics.background import psnr
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.table import text_table


def _psnr(nodes, folder, images, held, expected, kept):
    """PSNR of the result with all convolutions in int8 but `kept`; the program stays in `folder`."""
    run = PaddleRunner(quantise(nodes, folder, images, kept=kept))
    return psnr(np.mean(error([run(image[None])[0][0] for image in held], expected)))


def sensitivity(
    nodes: list[Node],
    images: np.ndarray,
    held: np.ndarray,
    expected: np.ndarray,
    layers: Iterable[str] | None = None,
) -> dict[str, float]:
    """PSNR against fp32 with one convolution in int8 and all others in float.

    Args:
        images: (N, 3, S, S) float32 in [0, 1] to calibrate with (two of them are enough to rank layers).
        held: (M, 3, S, S) others to measure on.
        expected: (M, 3, S, S) results in fp32.
        layers: names of the convolutions to try; None: all.
    Returns: {name: dB}, in the order they run.
    """
    found, every = {}, layers_of(nodes)
    for layer in every if layers is None else layers:
        with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
            found[layer] = round(
                _psnr(nodes, folder, images[:2], held, expected, [name for name in every if name != layer]), 2
            )
    return found


def leave_in_float(
    nodes: list[Node],
    folder: str | Path,
    images: np.ndarray,
    held: np.ndarray,
    expected: np.ndarray,
    worst_first: list[str],
    floor: float,
) -> list[str]:
    """Quantise into `folder` and leave as many layers in float, the worst first, as `floor` dB needs -> their names.

    `images`, `held` and `expected` as for `sensitivity`; all images calibrate.
    """
    kept: list[str] = []
    while _psnr(nodes, folder, images, held, expected, kept) < floor and len(kept) < len(worst_first):
        kept = worst_first[: len(kept) + 1]
    return kept


def table(found: dict[str, float], kept: Iterable[str]) -> str:
    """The result of `sensitivity` as text, the worst layer first; `kept`: layers that were left in float."""
    rows = [
        (layer, f"{value:.2f}", "left in float" if layer in kept else "")
        for layer, value in sorted(found.items(), key=lambda item: item[1])
    ]
    return text_table(["convolution alone in int8", "dB", ""], rows)
