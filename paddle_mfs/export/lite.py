"""Paddle-Lite models (.nb) of one identity, one a target, each with a JSON card beside it.

Use a runtime of the same version as the opt that wrote the file.
"""

import os
import tempfile
from pathlib import Path

from paddle_mfs.export.census import census
from paddle_mfs.export.paddle import deploy_card, save_program
from paddle_mfs.graph.program import NAME
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.runtime import choose
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256, write_json


def _opt_version():
    from importlib.metadata import version

    return version("paddlelite")


def export_lite(
    idn, folder, name, facts, targets=("arm", "gpu", "x86"), precision="fp32", check=None, ranges=None, quantise=None
):
    """Write a .nb (`nb_name`) and its card (.json) to `folder` for each target; each file whole or not at all.

    Args:
        idn: baked IDN.
        facts: the Identity's facts, for the cards.
        targets, precision: as `targets.parse_targets` allows them.
        check: None, or a callable (LiteRunner) -> largest difference from dygraph, raising UserError when it is too large.
            Only the x86 file runs here; the number goes into its card, the others' cards hold null.
        ranges: None, or {"largest_value", "half_precision"} from `ranges`, for the cards.
        quantise: for int8: a callable (idn, folder, target) that writes the quantised program and returns facts for the card
            (`int8.Quantiser`).
    Returns: list of (path of the .nb, card).
    Raises: UserError when paddlelite is missing, opt fails, the folder cannot be written, or the check fails.
    """
    choose("lite")  # or say that it is not installed
    folder, written = Path(folder), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as temporary:
            made = []
            for target in targets:
                built = Path(temporary) / nb_name(name, target, precision)
                if precision == "int8":
                    quantised = quantise(idn, temporary, target)
                else:
                    quantised = save_program(idn, temporary, TARGETS[target].passes[precision])
                optimise(Path(temporary) / f"{NAME}.pdmodel", TARGETS[target].places, built, precision)
                difference = check(LiteRunner(built)) if check and target == "x86" else None
                made.append((built, _card(built, target, precision, facts, difference, ranges, quantised)))
            for built, card in made:
                path = folder / built.name
                os.replace(built, path)
                write_json(path.with_suffix(".json"), card)
                written.append((path, card))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}); choose another place") from None
    return written


def nb_name(name, target, precision="fp32"):
    """The file name of a .nb."""
    return f"{name}_{target}.nb" if precision == "fp32" else f"{name}_{target}_{precision}.nb"


def _card(path, target, precision, facts, difference, ranges, quantised):
    card = deploy_card(facts)
    card.pop("model")
    card["versions"]["paddlelite"] = _opt_version()
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "target": target,
        "valid_places": TARGETS[target].places,
        "precision": precision,
        "census": census(path),
        "difference_from_dygraph": difference and float(f"{difference:.2e}"),
        **(ranges or {}),
        **({"int8": quantised} if quantised else {}),
        **card,
    }
