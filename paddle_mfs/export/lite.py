"""Paddle-Lite models (.nb) of one identity, one a target, each with a JSON card beside it.

Use a runtime of the same version as the opt that wrote the file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mfs.export.census import census
from paddle_mfs.export.paddle import deploy_card, save_program
from paddle_mfs.graph.program import NAME
from paddle_mfs.graph.targets import ALIGNED, HALF_PIXEL, TARGETS
from paddle_mfs.runtime import choose
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.utils.files import sha256, write_json, writing

if TYPE_CHECKING:
    from paddle_mfs.models.idn import IDN
    from paddle_mfs.swap.identity import Identity


def opt_version() -> str:
    """The version of paddlelite, of whose opt the files are."""
    from importlib.metadata import version

    return version("paddlelite")


def export_lite(
    identity: Identity,
    folder: str | Path,
    targets: Sequence[str] = ("arm", "gpu", "x86"),
    precision: str = "fp32",
    check: Callable[[LiteRunner], float] | None = None,
    ranges: dict | None = None,
    quantise: Callable[[IDN, str, str], dict] | None = None,
) -> list[tuple[Path, dict]]:
    """Write a .nb (`nb_name`) and its card (.json) to `folder` for each target; each file whole or not at all.

    Args:
        identity: whose IDN is written; its name begins the files' names, its facts go into the cards.
        targets, precision: as `targets.parse_targets` allows them.
        check: None, or a callable (LiteRunner) -> largest difference from dygraph, raising UserError when it is too
            large. Only the x86 file runs here; the number goes into its card, the others' cards hold null.
        ranges: None, or {"largest_value", "half_precision"} from `ranges`, for the cards.
        quantise: for int8: a callable (idn, folder, target) that writes the quantised program and returns facts for the
            card (`int8.Quantiser`).
    Returns: list of (path of the .nb, card).
    Raises: UserError when paddlelite is missing, opt fails, the folder cannot be written, or the check fails.
    """
    choose("lite")  # or say that it is not installed
    folder, written = Path(folder), []
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as temporary:
            made = []
            for target in targets:
                built = Path(temporary) / nb_name(identity.name, target, precision)
                quantised = _build(identity.idn, built, target, precision, quantise)
                difference = check(LiteRunner(built)) if check and target == "x86" else None
                measured = {
                    "difference_from_dygraph": difference and float(f"{difference:.2e}"),
                    **(ranges or {}),
                    **({"int8": quantised} if quantised else {}),
                }
                made.append((built, _card(built, target, precision, measured, identity)))
            for built, card in made:
                path = folder / built.name
                os.replace(built, path)
                write_json(path.with_suffix(".json"), card)
                written.append((path, card))
    return written


def nb_name(name: str, target: str, precision: str = "fp32") -> str:
    """The file name of a .nb."""
    return f"{name}_{target}.nb" if precision == "fp32" else f"{name}_{target}_{precision}.nb"


def _build(idn, path, target, precision, quantise):
    """Write the .nb `path` -> facts about its quantisation, or None."""
    quantised = None
    if precision == "int8":
        quantised = quantise(idn, str(path.parent), target)
    else:
        save_program(idn, path.parent, TARGETS[target].passes[precision])
    optimise(path.with_name(f"{NAME}.pdmodel"), TARGETS[target].places, path, precision)
    return quantised


def _card(path, target, precision, measured, identity):
    card = deploy_card(identity.facts)
    card.pop("model")
    card["versions"]["paddlelite"] = opt_version()
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "target": target,
        "valid_places": TARGETS[target].places,
        "precision": precision,
        "upsampling": HALF_PIXEL if identity.idn.mobile else ALIGNED,
        "census": census(path),
        **measured,
        **card,
    }
