"""A dygraph layer as a Paddle inference program."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.base.dygraph.base import param_guard

from paddle_mfs.ops.layers import FrozenPReLU


def save_layer(layer: nn.Layer, shape: Sequence[int], folder: str | Path) -> Path:
    """`paddle.jit.save` a layer for one shape -> path of the .pdmodel in `folder`; its .pdiparams lies beside it.

    Recorded as it runs, which is quicker than rewriting its source into static control flow.
    """
    path = Path(folder) / "network"
    with _prelu_as_relu(layer):
        paddle.jit.save(record(layer, {"x": shape}), str(path))
    return path.with_suffix(".pdmodel")


def record(layer: nn.Layer, shapes: Mapping[str, Sequence[int]]) -> nn.Layer:
    """A static form of a layer for `paddle.jit.save`, its inputs called as `shapes` says; sets it to eval mode."""
    recorded = _Recorded(layer)
    recorded.eval()
    inputs = [paddle.static.InputSpec(list(shape), "float32", name) for name, shape in shapes.items()]
    return paddle.jit.to_static(recorded, input_spec=[inputs], full_graph=True)


class _Recorded(nn.Layer):
    """Runs a layer while the program is recorded."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    @paddle.jit.not_to_static
    def forward(self, inputs):
        with contextlib.ExitStack() as stack:
            for sub in self.layer.sublayers():
                if isinstance(sub, nn.ParameterList):  # never called, so that Paddle would leave its parameters out
                    stack.enter_context(param_guard(sub._parameters))
            return self.layer(*inputs)


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
