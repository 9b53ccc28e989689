"""What half precision does to an identity: it ends at 65504, and has 11 bits."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_mfs.graph.half import run_half
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.metrics.background import psnr
from paddle_mfs.models.idn import IDN

LIMIT = 30000  # leaves a factor of two for faces that were not looked at


def largest_value(idn: IDN, batch: np.ndarray) -> dict:
    """The largest |value| any node of the deploy graph makes of real crops, or has among its weights.

    Args:
        idn: baked IDN.
        batch: (N, 3, S, S) float32 in [0, 1].
    Returns: {"value": float, "node": its name}. Not a number counts as infinite.
    """
    nodes = rewrite(read_idn(idn))
    program, names = Program(nodes, (1, *batch.shape[1:])), [node.output for node in nodes]
    sizes = {
        node.output: max(
            (float(np.abs(value).max()) for value in node.settings.values() if isinstance(value, np.ndarray)),
            default=0.0,
        )
        for node in nodes
    }
    for x in batch:
        for name, value in zip(names, program.run(x[None], names)):
            sizes[name] = max(sizes[name], float(np.abs(value).max()) if np.isfinite(value).all() else float("inf"))
    node = max(sizes, key=sizes.__getitem__)
    return {"value": float(f"{sizes[node]:.4g}"), "node": node}


def half_precision(idn: IDN, batch: np.ndarray, expected: Sequence[np.ndarray]) -> dict:
    """How far the deploy graph in half precision is from dygraph.

    Simulated as ARM's kernels compute, sums in float16 too (`graph.half`); two or three seconds a crop.

    Args:
        idn: baked IDN.
        batch: (N, 3, S, S) float32 in [0, 1]; expected: [result, mask] from `check.reference`.
    Returns: {"how", "largest_difference": {"result", "mask"}, "psnr_db" of the result}.
    """
    nodes = rewrite(read_idn(idn), TARGETS["arm"].passes["fp16"])
    pairs = zip(*(run_half(nodes, x[None]) for x in batch))
    differences = [np.abs(np.concatenate(ours) - wanted) for ours, wanted in zip(pairs, expected)]
    worst = {name: float(f"{difference.max():.2g}") for name, difference in zip(("result", "mask"), differences)}
    return {
        "how": "NumPy, every value, weight and sum rounded to float16 as ARM's kernels do; the .nb itself was not run",
        "largest_difference": worst,
        "psnr_db": round(psnr(255**2 * float(np.square(differences[0]).mean())), 1),
    }


def warn_of_overflow(name: str | Path, largest: dict) -> None:
    """One line on stderr when half precision could overflow; `name` is what is exported."""
    if largest["value"] > LIMIT:
        print(
            f"warning: {name}: values reach {largest['value']:.4g} at {largest['node']}, more than {LIMIT}: "
            "half precision (arm fp16, gpu, npu, nnapi) could overflow; use fp32 on arm",
            file=sys.stderr,
        )
