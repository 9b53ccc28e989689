"""Convolutions with TensorFlow's 'SAME' padding, which puts the odd pixel at the bottom and right.

Networks that were trained in TensorFlow lose accuracy when their stride-2 convolutions are padded evenly
(every feature moves by half a pixel), so the padding is computed as TensorFlow does:
https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

import paddle
import paddle.nn.functional as F

from paddle_mfs.ops.layers import Conv2D, DepthwiseConv2D


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """(before, after) zero pixels along one axis of `size` pixels."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def pad_same(x: paddle.Tensor, kernel: int, stride: int) -> paddle.Tensor:
    """Zero-pad x (N, C, H, W) for a following unpadded convolution."""
    (top, bottom), (left, right) = (same_padding(size, kernel, stride) for size in x.shape[2:])
    return F.pad(x, [left, right, top, bottom]) if top + bottom + left + right else x


class SameConv2D(Conv2D):
    """Square convolution with a bias, 'SAME' padding."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1):
        super().__init__(in_channels, out_channels, kernel, stride)
        self.size_and_stride = kernel, stride

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return super().forward(pad_same(x, *self.size_and_stride))


class SameDepthwise(DepthwiseConv2D):
    """Depthwise convolution of square maps with a bias, 'SAME' padding."""

    def __init__(self, channels: int, kernel: int, stride: int = 1):
        super().__init__(channels, kernel, stride)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        self.padding = same_padding(x.shape[2], self.weight.shape[-1], self.stride)
        return super().forward(x)
