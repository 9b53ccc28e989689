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
    with _in_common_operators(layer):
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
def _in_common_operators(layer):
    """While recording, layers that OpenVINO's Paddle reader does not know are written in operators that it does.

    PReLU as relu(x) - slope * relu(-x), instance norm as mean and variance.
    """

    def prelu(layer):
        return lambda x: F.relu(x) - layer.parameters()[0].reshape([1, -1] + [1] * (x.ndim - 2)) * F.relu(-x)

    def instance_norm(layer):
        def forward(x):
            x = x - x.mean([2, 3], keepdim=True)
            x = x * paddle.rsqrt((x * x).mean([2, 3], keepdim=True) + layer._epsilon)
            if layer.scale is None:
                return x
            return x * layer.scale.reshape([1, -1, 1, 1]) + layer.bias.reshape([1, -1, 1, 1])

        return forward

    ways = ((FrozenPReLU, prelu), (nn.PReLU, prelu), (nn.InstanceNorm2D, instance_norm))
    changed = []
    for sub in layer.sublayers(include_self=True):
        for kind, rewritten in ways:
            if isinstance(sub, kind):
                sub.forward = rewritten(sub)
                changed.append(sub)
                break
    try:
        yield
    finally:
        for sub in changed:
            del sub.forward
