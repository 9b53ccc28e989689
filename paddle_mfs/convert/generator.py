"""Converts a swap network that a training run left (`mfs.pdparams` and card) to bundled weights with their card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import card_path, load_state, read_card, save_state, write_card

GENERATOR, MOBILE = "mfs_224", "mfs_224_mobile"
LICENCE = "research and non-commercial use"
LICENCE_NOTE = (
    "Trained from outputs of a face generator that was trained on FFHQ (CC BY-NC-SA 4.0), and through an identity "
    "encoder whose weights come from an MIT package of unclear origin: treat these weights as for research and "
    "non-commercial use."
)


def write_generator(
    path: str | Path, state: Mapping[str, np.ndarray], facts: Mapping[str, Any], half: bool = True
) -> dict[str, Any]:
    """Write a swap network (IIN, IDN and mask, public parameter names) with its card.

    Args:
        state: {name: array}.
        facts: what is particular to these weights: at least `origin`, `made` and `scores` (each score with the set it
            was measured on). They come after the common part of the card and may replace entries of it.
        half: store float16; the cost belongs in `facts["precision"]`.
    Returns: the card. Raises UserError when a needed fact is missing.
    """
    missing = {"origin", "made", "scores"} - facts.keys()
    if missing:
        raise UserError(f"{path}: its card needs {', '.join(sorted(missing))}; give them in facts")
    save_state(path, state, half=half)
    card = {
        "name": Path(path).stem,
        "title": "MobileFaceSwap: identity injection network, identity-driven swap network and mask",
        "licence": LICENCE,
        "licence_note": LICENCE_NOTE,
        "paper": "https://arxiv.org/abs/2201.03808",
        "input": "target (N, 3, 224, 224) RGB in [0, 1]; source (N, 3, 112, 112) RGB in [-1, 1] to mobilefacenet; "
        "both aligned to the ArcFace template; embedding of unit length",
        "outputs": {"result": "(N, 3, 224, 224) RGB in [0, 1]", "mask": "(N, 1, 224, 224) in [0, 1]"},
        "parameters": int(sum(np.prod(value.shape, dtype=np.int64) for value in state.values())),
        "stored_as": "float16" if half else "float32",
        **facts,
    }
    write_card(path, card)
    return card


def convert_mobile(
    root: str | Path, out: str | Path, faces: np.ndarray | None = None, half: bool = True
) -> tuple[Path, dict[str, Any]]:
    """Convert a training run's mobile variant to what differs from `out`/mfs_224.pdparams.

    faces, half: see `convert_generator`.
    Returns (path, card). Raises UserError for a missing or damaged source, and for a run without a card or of the other
    form.
    """
    from paddle_mfs.models.mfs import MOBILE_ENTRY

    trained, under = Path(root) / "mfs.pdparams", Path(out) / f"{GENERATOR}.pdparams"
    below = load_state(under)
    state, facts, nothing_lost = _trained(trained, faces)
    half = half and nothing_lost
    if MOBILE_ENTRY not in state:
        raise UserError(f"{trained}: is not of the mobile variant; train with configs/model/idn_mobile.yml")
    stored = np.float16 if half else np.float32
    changed = {
        name: value
        for name, value in state.items()
        if name not in below or not np.array_equal(value.astype(stored), below[name].astype(stored))
    }
    path = Path(out) / f"{MOBILE}.pdparams"
    return path, write_generator(path, changed, {**facts, "over": {"file": under.name, "sha256": sha256(under)}}, half)


def convert_generator(
    root: str | Path, out: str | Path, faces: np.ndarray | None = None, half: bool = True
) -> tuple[Path, dict[str, Any]]:
    """Convert a training run's weights (`mfs.pdparams` and card in `root`), names unchanged, to `out`/mfs_224.pdparams.

    faces: aligned, on which float16 is checked; half: store float16 where it loses nothing.
    Returns (path, card). Raises UserError for a missing or damaged source, and for a run without a card.
    """
    path = Path(out) / f"{GENERATOR}.pdparams"
    state, facts, nothing_lost = _trained(Path(root) / "mfs.pdparams", faces)
    return path, write_generator(path, state, facts, half and nothing_lost)


def _trained(path: Path, faces: np.ndarray | None) -> tuple[dict[str, np.ndarray], dict[str, Any], bool]:
    """State, facts and "may be stored as float16" of a training run's weights."""
    from paddle_mfs.convert.precision import read_faces, swap_half_cost

    state, card = load_state(path), read_card(path)
    if "made" not in card:
        raise UserError(
            f"{card_path(path)}: no card of a training run; weights whose origin is unknown are not bundled"
        )
    nothing_lost, cost = swap_half_cost(state, read_faces() if faces is None else faces)
    facts = {
        "origin": card.get("origin", "trained by this repository's tools/train.py"),
        "made": card["made"],
        "started_from": card["started_from"],
        "trained_sha256": card["sha256"],
        "scores": "see heldout (tools/evaluate.py --update-card)",
        "precision": cost,
    }
    return state, facts, nothing_lost
