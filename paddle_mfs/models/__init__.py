"""The networks. `create_model(name)` builds one; with `weights` it is loaded, frozen and put in eval mode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.weights import bundled, load_into

if TYPE_CHECKING:
    import paddle.nn as nn


def create_model(name: str, weights: str | Path | None = None, **kwargs: Any) -> nn.Layer:
    """Build a registered network.

    Args:
        name: a name of `MODELS.names()`.
        weights: None (fresh), "bundled" (weights/<name>.pdparams) or a path. With weights the network comes frozen,
            in eval mode.
    """
    import paddle_mfs.models.zoo  # noqa: F401  registers every network

    layer = MODELS.create(name, **kwargs)
    if weights is not None:
        load_into(layer, bundled(name) if weights == "bundled" else weights)
        freeze(layer)
    return layer
