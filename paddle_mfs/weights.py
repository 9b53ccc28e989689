"""Weights on disk: where they live, their cards, hashes, and strict loading by name.

A weights file is a `.pdparams` pickle {name: array}; ours hold float16 where nothing is lost and are
always loaded as float32. Beside each lies its *card*, `<name>.json`: origin, licence, sha256, input
convention, verified numbers.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, printable, sha256, write_json
from paddle_mfs.utils.resources import resource

if TYPE_CHECKING:
    import paddle


def weights_dir() -> Path:
    """Folder of the bundled weights: $PADDLE_MFS_WEIGHTS, or the one that comes with the package."""
    return Path(os.environ.get("PADDLE_MFS_WEIGHTS") or resource("weights"))


def bundled(name: str) -> Path:
    """Path of the bundled weights file `<name>.pdparams`. Raises UserError when it is not there."""
    path = weights_dir() / f"{name}.pdparams"
    if not path.is_file():
        raise UserError(f"{path}: bundled weights not found; set PADDLE_MFS_WEIGHTS to the folder that holds them")
    return path


def card_path(path: str | Path) -> Path:
    """`x/mfs_224.pdparams` -> `x/mfs_224.json`."""
    return Path(path).with_suffix(".json")


def read_card(path: str | Path) -> dict[str, Any]:
    """The card of a weights file as a dict; {} when it has none.

    Raises: UserError for a card that is damaged: no JSON, no dict, or a value of another kind than code reads.
    """
    card = card_path(path)
    if not card.is_file():
        return {}
    try:
        found = json.loads(card.read_text(encoding="utf-8"))
        problem = _card_problem(found)
    except OSError as error:
        problem = error.strerror or "cannot be read"
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        problem = "no JSON"
    if problem:
        raise UserError(f"{card}: a damaged card ({problem}); get it again, with the weights it belongs to")
    return found


def _card_problem(card: Any) -> str:
    """What is wrong with a card's values, "" when nothing is. Keys nobody reads may hold anything."""
    if not isinstance(card, dict):
        return "no dict"
    for key, kind in (("licence", str), ("heldout", dict), ("over", dict)):
        if not isinstance(card.get(key), (kind, type(None))):
            return f"{key} is no {kind.__name__}"
    if card.get("over") is None:
        return ""
    for key in ("file", "sha256"):
        if not isinstance(card["over"].get(key), str):
            return f"over.{key} is missing"
    file = card["over"]["file"]
    return "" if file and Path(file).name == file else "over.file is no file name"


# All that the pickle of a state dict names, whichever numpy or Paddle wrote it. tuple: (name, array), Paddle's tensors.
_PICKLED = {
    ("collections", "OrderedDict"),
    ("builtins", "tuple"),
    ("_codecs", "encode"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Reads dicts of arrays and nothing else: a pickle may name any function, and calls it while it is read."""

    def find_class(self, module, name):
        if (module, name) not in _PICKLED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module, name)


def load_state(path: str | Path) -> dict[str, np.ndarray]:
    """Read a `.pdparams` file -> {name: float32 array}; files of `paddle.save` too. Code in a file is never run.

    Raises UserError when the file is missing, truncated, or not a dict of arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such weights file")
    try:
        with open(path, "rb") as file:
            state = _ArrayUnpickler(file, encoding="latin1").load()  # latin1: arrays of older protocols
    except Exception as error:  # a damaged pickle raises almost anything
        reason = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise UserError(
            f"{path}: not a readable weights file (truncated or of another kind: {reason}); "
            "download or convert it again"
        ) from None
    if isinstance(state, dict):
        state.pop("StructuredToParameterName@@", None)
        state = {
            name: value[1] if isinstance(value, tuple) and len(value) == 2 else value for name, value in state.items()
        }
    arrays = isinstance(state, dict) and all(
        isinstance(v, np.ndarray) and v.dtype.kind in "fiub" for v in state.values()
    )
    if not arrays or not state:
        raise UserError(f"{path}: holds no dict of named arrays; expected a Paddle state dict (.pdparams)")
    return {name: value.astype(np.float32) if value.dtype.kind == "f" else value for name, value in state.items()}


def save_state(path: str | Path, state: Mapping[str, np.ndarray | paddle.Tensor], half: bool = False) -> None:
    """Write {name: array} as a `.pdparams` file, atomically; `half` stores floats as float16.

    Paddle's `paddle.load` reads the result. Values may be numpy arrays or paddle tensors.
    """
    arrays = {}
    for name, value in state.items():
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        if array.dtype.kind == "f":
            array = array.astype(np.float16 if half else np.float32)
        arrays[name] = np.ascontiguousarray(array)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        pickle.dump(arrays, file, protocol=4)


def write_card(path: str | Path, card: Mapping[str, Any]) -> None:
    """Write the card of the weights file `path`, adding the file's name, size and sha256."""
    path = Path(path)
    write_json(
        card_path(path), {"file": printable(path.name), "bytes": path.stat().st_size, "sha256": sha256(path), **card}
    )


def _some(names: Iterable[str], limit: int = 6) -> str:
    names = sorted(names)
    return ", ".join(names[:limit]) + (f", and {len(names) - limit} more" if len(names) > limit else "")


def check_state(expected: Mapping[str, Any], state: Mapping[str, Any], origin: str | Path) -> None:
    """Compare a state dict with {name: shape}; raise one UserError naming missing, unexpected and misshapen keys."""
    missing, unexpected = expected.keys() - state.keys(), state.keys() - expected.keys()
    misshapen = [
        f"{k} {tuple(state[k].shape)} instead of {tuple(expected[k])}"
        for k in expected.keys() & state.keys()
        if tuple(state[k].shape) != tuple(expected[k])
    ]
    problems = [
        f"{label}: {_some(keys)}"
        for label, keys in (("missing keys", missing), ("unexpected keys", unexpected), ("wrong shapes", misshapen))
        if keys
    ]
    if problems:
        raise UserError(f"{origin}: not the weights of this network; " + "; ".join(problems))


def set_state(layer: paddle.nn.Layer, state: Mapping[str, Any], origin: str | Path) -> paddle.nn.Layer:
    """Put {name: array} into a paddle Layer -> the layer. Strictly, see `check_state`; `origin` names it in errors."""
    check_state({name: value.shape for name, value in layer.state_dict().items()}, state, origin)
    layer.set_state_dict(state)
    return layer


def load_into(layer: paddle.nn.Layer, path: str | Path) -> paddle.nn.Layer:
    """Load the weights file `path` into a paddle Layer -> the layer. Strictly: every name and shape must match."""
    return set_state(layer, load_state(path), path)
