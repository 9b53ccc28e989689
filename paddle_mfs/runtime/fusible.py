"""A dygraph layer as a program of which Paddle-Lite's opt makes few and basic kernels."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.base.layer_helper import LayerHelper

from paddle_mfs.ops.layers import DepthwiseConv2D
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise
from paddle_mfs.runtime.trace import record


def save_fusible(layer: nn.Layer, shapes: Mapping[str, Sequence[int]], folder: str | Path, name: str) -> Path:
    """Write a layer for Paddle-Lite's opt -> path of the .pdmodel in `folder`; its .pdiparams lies beside it.

    A convolution, its bias and its activation become one kernel, and no convolution needs its input padded by an
    operator of its own: opt fuses no bias that dygraph has added, and its basic library cannot pad.

    Args:
        shapes: name of an input -> its shape, in the order in which the layer takes them. Pictures have even sides
            wherever a convolution of stride 2 reads them.
        name: of the file.
    """
    path = Path(folder) / name
    with _fusible(layer):
        paddle.jit.save(record(layer, shapes), str(path))
    return path.with_suffix(".pdmodel")


def operator(kind: str, inputs: Mapping[str, paddle.Tensor], **attributes: object) -> paddle.Tensor:
    """An operator by its name in Paddle's programs, while one is recorded -> its output "Out"."""
    helper = LayerHelper(kind)
    output = helper.create_variable_for_type_inference("float32")
    sources = {name: [value] for name, value in inputs.items()}
    helper.append_op(type=kind, inputs=sources, outputs={"Out": [output]}, attrs=attributes)
    return output


@contextlib.contextmanager
def _fusible(layer):
    """While recording: biases of one dimension, and padding that is the same on all sides."""
    changed = [sub for sub in layer.sublayers(include_self=True) if isinstance(sub, (nn.Conv2D, DepthwiseConv2D))]
    kept = [sub.weight for sub in changed]
    for sub in changed:
        stride, padding = _way(sub)
        if isinstance(padding, tuple):
            before, after = padding
            # 'SAME' padding with less before than after: a larger kernel whose first rows and columns are zeros
            grown = np.pad(sub.weight.numpy(), ((0, 0), (0, 0), (2, 0), (2, 0))) if before != after else sub.weight
            padding = before + 2 if before != after else before
            sub._parameters["weight"] = paddle.create_parameter(
                list(grown.shape), "float32", default_initializer=nn.initializer.Assign(grown)
            )
        sub.forward = _forward(sub, stride, padding)
    try:
        yield
    finally:
        for sub, weight in zip(changed, kept):
            sub._parameters["weight"] = weight
            del sub.forward


def _way(conv):
    """Stride and padding: one number, or (before, after) of 'SAME' padding for sides that the stride divides."""
    if isinstance(conv, (SameConv2D, SameDepthwise)):
        stride = conv.size_and_stride[1] if isinstance(conv, SameConv2D) else conv.stride
        total = conv.weight.shape[-1] - stride
        return stride, (total // 2, total - total // 2)
    return (conv.stride, conv.padding) if isinstance(conv, DepthwiseConv2D) else conv._way


def _forward(conv, stride, padding):
    def forward(x):
        weight, bias = conv._parameters["weight"], conv._parameters["bias"]
        groups = x.shape[1] // weight.shape[1]
        y = F.conv2d(x, weight, None, stride, padding, groups=groups)
        return operator("elementwise_add", {"X": y, "Y": bias}, axis=1)

    return forward
