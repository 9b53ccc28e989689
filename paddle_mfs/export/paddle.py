"""Paddle inference model (.pdmodel + .pdiparams) of one identity, with deploy.yml beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from paddle_mfs.face.align import template
from paddle_mfs.graph.nodes import INPUT, OUTPUTS, SHAPE, Rewrite, read_idn
from paddle_mfs.graph.program import NAME, Program
from paddle_mfs.graph.rewrites import EXACT, rewrite
from paddle_mfs.provenance import GENERATED, provenance
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import writing
from paddle_mfs.version import __version__

if TYPE_CHECKING:
    from paddle_mfs.models.idn import IDN
    from paddle_mfs.swap.identity import Identity

CARD = "deploy.yml"
PASTE = (
    "picture + (result - image), the difference averaged over 2 x 2 pixels, enlarged cubically to the picture's size "
    "and faded to 0 over the outer 3 % of the crop's side: the picture keeps its own detail; the mask is not needed"
)


def deploy_card(facts: dict) -> dict:
    """What a program that runs the model has to know: preprocessing, names, shapes, versions, provenance.

    facts: those of the Identity.
    """
    import paddle

    size = SHAPE[-1]
    return {
        "model": {"program": f"{NAME}.pdmodel", "parameters": f"{NAME}.pdiparams"},
        "crop": {
            "size": size,
            "alignment": "similarity transform of five points to the template",
            "points": [
                "eye on the image's left",
                "eye on the image's right",
                "nose tip",
                "mouth corner left",
                "mouth corner right",
            ],
            "template": [[round(float(v), 4) for v in point] for point in template(size)],
            "pixel_frame": "pixel centres at integer coordinates",
        },
        "input": {
            "name": INPUT,
            "shape": list(SHAPE),
            "dtype": "float32",
            "layout": "NCHW",
            "colour": "RGB",
            "range": [0.0, 1.0],
            "scale": 1 / 255,
            "mean": [0.0, 0.0, 0.0],
            "std": [1.0, 1.0, 1.0],
        },
        "outputs": [
            {"index": index, "meaning": f"{name}: {meaning}", "shape": list(shape)}
            for index, (name, shape, meaning) in enumerate(OUTPUTS)
        ],
        "paste": PASTE,
        "versions": {"paddle": paddle.__version__, "paddle_mfs": __version__},
        "provenance": provenance(digital_source_type=GENERATED, **facts),
    }


def save_program(idn: IDN, folder: str | Path, passes: Iterable[Rewrite] = EXACT) -> None:
    """Write a baked IDN, rewritten by `passes`, as `folder`/idn.pdmodel and idn.pdiparams.

    The IDN itself is left as it was.
    """
    Program(rewrite(read_idn(idn), passes)).save(folder)


def replaceable(folder: str | Path) -> None:
    """Raise UserError unless `folder` is absent, empty, or an earlier export (then it may be replaced)."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and ((folder / CARD).is_file() or not any(folder.iterdir()))):
        raise UserError(f"{folder}: exists and is no earlier export; choose another folder")


def export_paddle(
    identity: Identity,
    folder: str | Path,
    check: Callable[[PaddleRunner], float] | None = None,
    largest: dict | None = None,
) -> dict:
    """Write the Paddle inference model of an identity to `folder`, whole or not at all.

    Args:
        identity: whose IDN is written; its facts go into the card.
        folder: made, or replaced when it holds an earlier export.
        check: None, or a callable (PaddleRunner) -> largest difference from dygraph, which raises UserError when it is
            too large; run before the folder is put in place, its number goes into the card.
        largest: None, or the largest value on the way from `ranges.largest_value`, for the card.
    Returns: the card (dict), as written to deploy.yml.
    Raises: UserError when the folder cannot be written or holds something else.
    """
    folder = Path(folder)
    replaceable(folder)
    temporary = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    old = folder.with_name(f"{folder.name}.old-{os.getpid()}.part")
    try:
        with writing(folder):
            temporary.mkdir(parents=True)
            save_program(identity.idn, temporary)
            card = deploy_card(identity.facts)
            runner = PaddleRunner(temporary / f"{NAME}.pdmodel")
            for output, name in zip(card["outputs"], runner.output_names):
                output["name"] = name
            if check:
                card["difference_from_dygraph"] = float(f"{check(runner):.2e}")
            if largest:
                card["largest_value"] = largest
            (temporary / CARD).write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True), encoding="utf-8")
            if folder.exists():
                os.replace(folder, old)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return card
