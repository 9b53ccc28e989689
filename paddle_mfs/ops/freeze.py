"""A network that is used, not trained: nothing of it moves, its batch norms included."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import paddle.nn as nn

AnyLayer = TypeVar("AnyLayer", bound="nn.Layer")  # a paddle.nn.Layer, given back as what it came


def freeze(layer: AnyLayer) -> AnyLayer:
    """Put a paddle Layer in eval mode; its parameters gather no gradient, but gradients still pass through it.

    Returns: the layer.
    """
    layer.eval()
    for parameter in layer.parameters():
        parameter.stop_gradient = True
    return layer
