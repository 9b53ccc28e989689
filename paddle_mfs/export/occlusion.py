"""The occlusion segmenter for a phone: a Paddle inference model, or a Paddle-Lite .nb a target, with a card each.

It has no identity in it. Its graph is Paddle's own, not rewritten; opt folds the batch norms.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from paddle_mfs.export.census import census
from paddle_mfs.export.lite import nb_name
from paddle_mfs.face.occlusion import INPUT, SURE, UNSURE
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.models import create_model
from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.runtime.trace import save_layer
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256, write_json, writing
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled, read_card

NAME = "occlusion"
TOLERANCE = 1e-4  # of a probability
USE = (
    "area-average the 224 px crop over 2 x 2 pixels; what is found counts within the face alone: there keep nothing of "
    f"the target's pixels below a probability of {UNSURE}, all above {SURE}"
)


def export_occlusion(
    folder: str | Path, crop: np.ndarray, targets: Sequence[str] = (), precision: str = "fp32"
) -> list[tuple[Path, dict[str, Any]]]:
    """Write the bundled segmenter to `folder`; each file whole or not at all.

    Args:
        crop: an aligned face (S, S, 3) uint8 RGB; what runs here, the Paddle model and the x86 .nb, is compared with
            dygraph on it, bare and with bars over it.
        targets: of `graph.targets`: a .nb for each; none: the Paddle model.
        precision: "fp16" of the arm file; others are fp32.
    Returns: list of (path of the .nb or .pdmodel, card).
    Raises: UserError when opt fails, the folder cannot be written, or a difference exceeds 1e-4.
    """
    folder, network, batch = Path(folder), create_model(NAME, weights="bundled"), _looks(crop)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as place:
            program = save_layer(network, (1, 3, INPUT, INPUT), place)

            def compared(path, runner):
                return {"difference_from_dygraph": _difference(path, network, batch, runner(path))}

            if targets:
                made = [_lite(program, target, precision, compared) for target in targets]
            else:
                files = [program.with_name(f"{NAME}{suffix}") for suffix in (".pdmodel", ".pdiparams")]
                for path in files:
                    program.with_suffix(path.suffix).rename(path)
                made = [(files, compared(files[0], PaddleRunner))]
            written = []
            for files, facts in made:
                card, path = _card(files[0], facts), folder / files[0].name
                for file in files:
                    os.replace(file, folder / file.name)
                write_json(path.with_suffix(".json"), card)
                written.append((path, card))
    return written


def _lite(program, target, precision, compared):
    """The .nb of a target, beside the program -> [its path], facts for its card."""
    precision = "fp16" if precision == "fp16" and target == "arm" else "fp32"
    path = program.with_name(nb_name(NAME, target, precision))
    optimise(program, TARGETS[target].places, path, precision)
    measured = compared(path, LiteRunner) if target == "x86" else {"difference_from_dygraph": None}
    return [path], {"target": target, "precision": precision, "census": census(path), **measured}


def _looks(crop):
    """What the export is compared on: the crop, upright and mirrored, with bars, for a plain face gives nothing."""
    seen = cv2.resize(crop, (INPUT, INPUT), interpolation=cv2.INTER_AREA)
    barred = seen.copy()
    barred[64:92], barred[20:90, 50:62] = (40, 120, 200), (30, 30, 30)
    return to_batch([seen, seen[:, ::-1], barred, barred[:, ::-1]])


def _difference(path: Path, network: Any, batch: np.ndarray, run: Callable[[np.ndarray], list[np.ndarray]]) -> float:
    import paddle

    with paddle.no_grad(), plain_operators():
        wanted = network(paddle.to_tensor(batch)).numpy()
    worst = max(float(np.abs(run(x[None])[0] - right).max()) for x, right in zip(batch, wanted))
    if not worst <= TOLERANCE:
        raise UserError(f"{path.name}: differs from dygraph by {worst:.1e}, more than {TOLERANCE:.0e}; do not use it")
    return float(f"{worst:.2e}")


def _card(path: Path, facts: dict[str, Any]) -> dict[str, Any]:
    import paddle

    about = read_card(bundled(NAME))
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        **facts,
        "input": {"shape": [1, 3, INPUT, INPUT], "layout": "NCHW", "colour": "RGB", "range": [0.0, 1.0]},
        "outputs": [{"meaning": "probability that something lies before the face", "shape": [1, 1, INPUT, INPUT]}],
        "use": USE,
        "weights": {name: about[name] for name in ("file", "sha256", "licence", "licence_note")},
        "versions": {"paddle": paddle.__version__, "paddle_mfs": __version__},
    }
