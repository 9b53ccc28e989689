"""Identity-aware Dynamic Network: the small U-Net that runs on every frame.

MobileFaceSwap, arXiv 2201.03808, Fig. 2. 0.500 M parameters and 0.31 G multiply-adds at 224 px, mask included.

    encoder  depthwise 4x4 s2 + pointwise, LeakyReLU 0.1     3-32-64-128-256-512, 224 px -> 7 px
    decoder  bilinear x2, depthwise 3x3 + pointwise, LeakyReLU, concat with the encoder's map of that size
    final    bilinear x2 and three convolutions -> image;  mask (on the detached bottleneck) -> where it is shown

The mobile variant (`mobile`) differs in the sampling points of its upsampling alone: then upsampling and the depthwise
convolution after it are one small convolution on a phone (graph/upsampling.py). Its weights are trained for it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.fusion import FinalHead, fusion_mask
from paddle_mfs.models.iin import DECODER, ENCODER, SLOPE, IdentityWeights
from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D, DepthwiseConv2D
from paddle_mfs.ops.resample import upsample2x

SIZE = 224  # crop side in pixels
TensorFunction = Callable[[paddle.Tensor], paddle.Tensor]
Layers = Iterable[TensorFunction]
UNCHANGED = 2 / 255  # a result whose every pixel is this near to the target's is no swap


class Swap(NamedTuple):
    """What the IDN makes of target crops (N, 3, S, S): result and image in [0, 1] RGB, mask (N, 1, S, S) in (0, 1)."""

    result: paddle.Tensor
    mask: paddle.Tensor
    image: paddle.Tensor


def run_idn(
    x: paddle.Tensor,
    encoder: Layers,
    decoder: Layers,
    final: TensorFunction,
    mask: TensorFunction,
    mobile: bool = False,
) -> Swap:
    """The way through the IDN, given its layers as callables (baked, or of many identities at once) -> Swap.

    Args:
        x: target crops (N, 3, S, S), RGB in [0, 1], S a multiple of 32.
        mobile: of the mobile variant, whose decoder layers pad nothing.
    """
    y, skips = x * 2 - 1, []
    for layer in encoder:
        y = F.leaky_relu(layer(y), SLOPE)
        skips.append(y)
    m = mask(skips.pop().detach())
    for layer in decoder:
        y = F.leaky_relu(layer(upsample2x(y, mobile, ring=int(mobile))), SLOPE)
        if len(skips) > 1:
            y = paddle.concat([y, skips.pop()], 1)
    image = (1 + final(y)) / 2
    return Swap(image * m + (1 - m) * x, m, image)


class SeparableConv2D(nn.Layer):
    """Depthwise then pointwise convolution. The public code keeps biases and never sets them: they start at zero."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, stride: int, padding: int):
        super().__init__()
        self.depthwise = DepthwiseConv2D(inputs, kernel_size, stride, padding)
        self.pointwise = Conv2D(inputs, outputs, 1)
        self.pointwise.bias.set_value(paddle.zeros([outputs]))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.pointwise(self.depthwise(x))


@MODELS.register("idn")
class IDN(nn.Layer):
    """The IDN of one identity, its weights baked in: what is run on frames and exported.

    forward: target crops (N, 3, S, S) RGB in [0, 1] -> (result (N, 3, S, S) in [0, 1], mask (N, 1, S, S)); not `masked`
    (ablated): the mask is 1 everywhere.
    """

    def __init__(self, mobile: bool = False, masked: bool = True):
        super().__init__()
        self.mobile, self.masked = mobile, masked
        self.encoder = nn.LayerList([SeparableConv2D(i, o, 4, 2, padding=1) for i, o in ENCODER])
        self.decoder = nn.LayerList([SeparableConv2D(i, o, 3, 1, padding=0 if mobile else 1) for i, o in DECODER])
        self.final = FinalHead(mobile)
        self.mask = fusion_mask(mobile, masked)

    def set_identity(self, weights: IdentityWeights) -> None:
        """Bake the IdentityWeights of one identity (G = 1) into the encoder and decoder; biases become zero."""
        for layers, kernels, matrices in (
            (self.encoder, weights.encoder_depthwise, weights.encoder_pointwise),
            (self.decoder, weights.decoder_depthwise, weights.decoder_pointwise),
        ):
            for layer, kernel, matrix in zip(layers, kernels, matrices):
                layer.depthwise.weight.set_value(kernel.transpose([1, 0, 2, 3]).contiguous())
                layer.pointwise.weight.set_value(matrix[0].unsqueeze([2, 3]))
                layer.depthwise.bias.set_value(paddle.zeros_like(layer.depthwise.bias))
                layer.pointwise.bias.set_value(paddle.zeros_like(layer.pointwise.bias))

    def forward(self, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        swap = run_idn(x, self.encoder, self.decoder, self.final, self.mask, self.mobile)
        return swap.result, swap.mask
