"""Checkpoints of a run: everything `--resume` needs, the last N kept."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import paddle
import paddle.nn as nn

from paddle_mfs.utils.errors import UserError

_NAME = re.compile(r"step_(\d+)$")


def checkpoints(folder: str | Path) -> list[Path]:
    """Complete checkpoints of a run, oldest first."""
    named = [(_NAME.match(path.name), path) for path in Path(folder).glob("step_*")]
    found = [(int(name.group(1)), path) for name, path in named if name and (path / "progress.json").is_file()]
    return [path for _, path in sorted(found)]


def save_checkpoint(folder: str | Path, states: dict[str, dict[str, Any]], progress: dict[str, Any], keep: int) -> Path:
    """Write folder/step_<n>/ with one .pdparams a state and progress.json, then delete all but the newest `keep`.

    It gets its name when it is complete, so a process killed at any moment leaves the checkpoint before or this one.
    One of the same step that is there already is left as it is.
    states: {name: state dict}, empty ones (of an optimiser that has not stepped yet) are left out; progress: JSON-able
    dict with "step".
    """
    target = Path(folder) / f"step_{progress['step']:08d}"
    if target in checkpoints(folder):
        return target
    for unfinished in Path(folder).glob("step_*.part"):
        shutil.rmtree(unfinished, ignore_errors=True)
    temporary = target.with_name(target.name + ".part")
    try:
        temporary.mkdir(parents=True)
        for name, state in states.items():
            if state:
                paddle.save(state, str(temporary / f"{name}.pdparams"))
        (temporary / "progress.json").write_text(json.dumps(progress))
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
    except OSError as error:
        raise UserError(
            f"{target}: cannot be written ({error.strerror or error}); free some space or change run.output"
        ) from None
    for old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def load_checkpoint(path: str | Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """A checkpoint folder, or a run's folder (its newest checkpoint) -> ({name: state dict}, progress)."""
    path = Path(path)
    if not (path / "progress.json").is_file():
        found = checkpoints(path)
        if not found:
            raise UserError(f"{path}: no checkpoint to resume from; start without --resume")
        path = found[-1]
    try:
        states = {file.stem: paddle.load(str(file)) for file in sorted(path.glob("*.pdparams"))}
        return states, json.loads((path / "progress.json").read_text())
    except (OSError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise UserError(
            f"{path}: damaged checkpoint ({type(error).__name__}); delete it and resume from the one before"
        ) from None


def named_optimizer_state(optimizer: paddle.optimizer.Optimizer, layer: nn.Layer) -> dict[str, Any]:
    """The optimiser's state keyed `parameter/slot` by the layer's own parameter names.

    Paddle keys it by names it counts up as parameters are made, which another program or another run may count
    differently.
    """
    ours = {parameter.name: name for name, parameter in layer.named_parameters()}
    result = {}
    for key, value in optimizer.state_dict().items():
        owner = max((name for name in ours if key.startswith(name + "_")), key=len, default=None)
        result[f"{ours[owner]}/{key[len(owner) + 1 :]}" if owner else key] = value
    return result


def restore_optimizer(optimizer: paddle.optimizer.Optimizer, layer: nn.Layer, state: dict[str, Any]) -> None:
    """Give an optimiser of `layer` a state from `named_optimizer_state`."""
    theirs = {name: parameter.name for name, parameter in layer.named_parameters()}
    renamed = {}
    for key, value in state.items():
        name, slash, slot = key.partition("/")
        renamed[f"{theirs[name]}_{slot}" if slash else key] = value
    optimizer.set_state_dict(renamed)
