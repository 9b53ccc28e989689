"""Parameters of a PyTorch network under the names and in the shapes of the same network in Paddle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_mfs.weights import check_state

if TYPE_CHECKING:
    import paddle.nn as nn

RENAMED = {"_mean": "running_mean", "_variance": "running_var", "_weight": "weight"}  # Paddle's name -> PyTorch's
COUNTER = "num_batches_tracked"  # of batch normalisation in training; nothing reads it afterwards


def from_torch(layer: nn.Layer, state: Mapping[str, np.ndarray], origin: str | Path) -> dict[str, np.ndarray]:
    """Key by key, strictly: every parameter and buffer of `layer` is one array of `state`, and all of them are used.

    Args:
        layer: a paddle Layer whose sub-layers have the names of the PyTorch network.
        state: {PyTorch name: array}, read_torch's result.
        origin: named in errors.
    Returns: {Paddle name: array}. Raises UserError naming missing, left-over and misshapen keys of `state` in one line.
    """
    from paddle.nn import Linear

    owners, theirs = dict(layer.named_sublayers()), {}
    for name, value in layer.state_dict().items():
        owner, dot, leaf = name.rpartition(".")
        is_matrix = isinstance(owners.get(owner), Linear) and leaf == "weight"  # PyTorch keeps (out, in)
        theirs[name] = owner + dot + RENAMED.get(leaf, leaf), tuple(value.shape)[:: -1 if is_matrix else 1], is_matrix
    state = {name: array for name, array in state.items() if name.rpartition(".")[2] != COUNTER}
    check_state({name: shape for name, shape, _ in theirs.values()}, state, origin)
    return {mine: state[name].T if is_matrix else state[name] for mine, (name, _, is_matrix) in theirs.items()}
