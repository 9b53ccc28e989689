"""The encoder and the IIN as a phone runs them: from a source's crop to the bytes of its IDN's weights.

The same numbers as in dygraph, written with operators that Paddle-Lite's basic library has: no reduction, no root, no
matrix product with weights (which opt's weight quantisation spoils, see `runtime.lite.optimise`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.export.layout import Part
from paddle_mfs.models.iin import IIN, WeightsModulation
from paddle_mfs.ops.layers import Conv2D
from paddle_mfs.runtime.fusible import operator
from paddle_mfs.utils.errors import UserError


class PhoneEncoder(nn.Layer):
    """Like `models.embedder.FaceEmbedder`, for crops of the encoder's own size.

    forward: (1, 3, S, S) RGB in [0, 1] -> (embedding (1, E) of unit length, feature (1, F, 7, 7)).
    """

    def __init__(self, encoder: nn.Layer):
        super().__init__()
        self.encoder = encoder
        self.mean, self.std = (
            _constant(self, np.reshape(value, (1, 3, 1, 1))) for value in (encoder.mean, encoder.std)
        )
        self.lengths = _Lengths(self, encoder.embedding_width, 1e-24)

    def forward(self, image: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        embedding, feature = self.encoder((image - self.mean) / self.std)
        row = embedding.reshape([1, 1, 1, -1])
        return (row * self.lengths.inverse(row)).reshape([1, -1]), feature


class PhoneIIN(nn.Layer):
    """The IIN of a `MobileFaceSwap`, with the layout of a target in its graph.

    forward: embedding (1, E) of unit length, feature (1, F, 7, 7) -> (1, N) float32: the weights of all `parts`, one
    after another, as they stand in the target's graph.

    Raises: UserError for weights in which a part of the IIN is ablated.
    """

    def __init__(self, net: IIN, parts: Sequence[Part]):
        super().__init__()
        if not (net.prediction and net.modulation):
            raise UserError("weights that were trained without a part of the IIN take no source on a phone; use others")
        self.predictor = net.predictor
        for half, modulations in (("encoder", net.EncoderModulation), ("decoder", net.DecoderModulation)):
            setattr(self, half, nn.LayerList([_Modulation(one) for one in modulations]))
        self.layouts = nn.LayerList([_Layout(part) for part in parts])

    def forward(self, embedding: paddle.Tensor, feature: paddle.Tensor) -> paddle.Tensor:
        predicted = {}
        seen = embedding.reshape([1, -1, 1, 1])
        for half, kernels in zip(("encoder", "decoder"), self.predictor(feature)):
            for number, (kernel, modulation) in enumerate(zip(kernels, getattr(self, half))):
                predicted[f"{half}.{number}.depthwise"] = kernel
                predicted[f"{half}.{number}.pointwise"] = modulation(seen)
        return paddle.concat([layout(predicted[layout.part.layer]) for layout in self.layouts], 1)


class _Modulation(nn.Layer):
    """A `WeightsModulation`: embedding (1, E, 1, 1) -> (1, outputs, 1, inputs)."""

    def __init__(self, modulation: WeightsModulation):
        super().__init__()
        width, inputs = modulation.style.weight.shape
        self.scale = Conv2D(width, inputs, 1)  # the style, with its 1 in the bias
        self.scale.weight.set_value(modulation.style.weight.t().reshape([inputs, width, 1, 1]))
        self.scale.bias.set_value(modulation.style.bias + 1)
        self.weight = _constant(self, modulation.weight.numpy()[None, :, None, :, 0, 0])
        self.lengths = _Lengths(self, inputs, modulation.EPSILON)

    def forward(self, embedding: paddle.Tensor) -> paddle.Tensor:
        weight = self.weight * self.scale(embedding).reshape([1, 1, 1, -1])
        return weight * self.lengths.inverse(weight)


class _Lengths:
    """1 / length of the rows of tensors (1, N, 1, `width`): inverse(rows) -> (1, N, 1, 1). `layer` keeps a constant."""

    def __init__(self, layer: nn.Layer, width: int, epsilon: float):
        self.width, self.epsilon, self.layer = width, epsilon, layer
        layer.exponent = _constant(layer, np.full(1, -0.5))

    def inverse(self, rows: paddle.Tensor) -> paddle.Tensor:
        squares = F.avg_pool2d(rows * rows, (1, self.width)) * self.width + self.epsilon
        return paddle.pow(squares, self.layer.exponent)


class _Layout(nn.Layer):
    """A predicted weight as a `Part` has it: (1, ...) -> (1, count)."""

    def __init__(self, part: Part):
        super().__init__()
        self.part = part
        if part.maps is not None:
            self.columns = np.concatenate(part.maps, 1).shape[1]
            halves = np.array_split(np.concatenate(part.maps, 1), 2, 1)
            self.first, self.second = (_constant(self, half) for half in halves)

    def forward(self, predicted: paddle.Tensor) -> paddle.Tensor:
        if self.part.maps is None:
            return predicted.reshape([1, -1])
        kinds, taps, values = self.part.maps.shape
        kernels = predicted.reshape([-1, taps])
        maps = paddle.concat([self.first, self.second], 1)  # put together here, it is no weight that opt would quantise
        made = _product(kernels, maps)
        if not self.part.kernels_first:
            made = made.reshape([-1, kinds, values]).transpose([1, 0, 2])
        return made.reshape([1, -1])


def _product(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """a @ b, while a program is recorded by the operator that is basic (Paddle's own is an extra one)."""
    return paddle.matmul(a, b) if paddle.in_dynamic_mode() else operator("matmul", {"X": a, "Y": b}, alpha=1.0)


def _constant(layer: nn.Layer, value: np.ndarray) -> paddle.Tensor:
    """A parameter of the layer that holds `value`."""
    value = np.ascontiguousarray(value, np.float32)
    return layer.create_parameter(list(value.shape), default_initializer=nn.initializer.Assign(value))
