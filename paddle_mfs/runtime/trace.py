"""A dygraph layer as a Paddle inference program."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.ops.layers import FrozenPReLU


def save_layer(layer: nn.Layer, shape: Sequence[int], folder: str | Path) -> Path:
    """`paddle.jit.save` a layer for one shape -> path of the .pdmodel in `folder`; its .pdiparams lies beside it.

    Recorded as it runs, which is quicker than rewriting its source into static control flow.
    """
    path = Path(folder) / "network"
    with _prelu_as_relu(layer):
        paddle.jit.save(record(layer, shape), str(path))
    return path.with_suffix(".pdmodel")


def record(layer: nn.Layer, shape: Sequence[int], name: str = "x") -> nn.Layer:
    """A static form of a layer for `paddle.jit.save`, its input called `name`; puts the layer into eval mode."""
    recorded = _Recorded(layer)
    recorded.eval()
    return paddle.jit.to_static(
        recorded, input_spec=[paddle.static.InputSpec(list(shape), "float32", name)], full_graph=True
    )


class _Recorded(nn.Layer):
    """Runs a layer while the program is recorded."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    @paddle.jit.not_to_static
    def forward(self, x):
        return self.layer(x)


@contextlib.contextmanager
def _prelu_as_relu(layer):
    """While recording, PReLU is written as relu(x) - slope * relu(-x): OpenVINO's Paddle reader has no prelu."""

    def rewritten(prelu):
        return lambda x: F.relu(x) - prelu.parameters()[0].reshape([1, -1] + [1] * (x.ndim - 2)) * F.relu(-x)

    changed = [sub for sub in layer.sublayers(include_self=True) if isinstance(sub, (FrozenPReLU, nn.PReLU))]
    for prelu in changed:
        prelu.forward = rewritten(prelu)
    try:
        yield
    finally:
        for prelu in changed:
            del prelu.forward
