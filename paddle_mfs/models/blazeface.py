"""BlazeFace (short range), the face detector.

Paper: V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
https://arxiv.org/abs/1907.05047. Weights: face_detection_short_range.tflite of the PyPI package mediapipe 0.10.14
(Apache-2.0).
"""

from collections.abc import Callable

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise

STEM = 24
# channels, stride                                                                          grid after the row at 128 px
FRONT = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1))  # 16 x 16
BACK = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))  # 8 x 8
FRONT_ANCHORS, BACK_ANCHORS = 2, 6  # a cell
COORDINATES = 16  # box centre x y, width, height, six points x y; pixels of the 128 px input


class BlazeBlock(nn.Layer):
    """Depthwise 3x3, pointwise, residual, activation; the shortcut is max-pooled and zero channels added to fit."""

    def __init__(self, in_channels: int, channels: int, stride: int, activation: Callable[[int], nn.Layer]):
        super().__init__()
        self.stride, self.extra = stride, channels - in_channels
        self.depthwise = SameDepthwise(in_channels, 3, stride)
        self.pointwise = Conv2D(in_channels, channels, 1)
        self.activation = activation(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.pointwise(self.depthwise(x))
        shortcut = F.max_pool2d(x, 2, 2) if self.stride == 2 else x
        if self.extra:
            n, _, h, w = shortcut.shape
            shortcut = paddle.concat([shortcut, paddle.zeros([n, self.extra, h, w], x.dtype)], 1)
        return self.activation(shortcut + y)


def blaze_blocks(
    in_channels: int, table: tuple[tuple[int, int], ...], activation: Callable[[int], nn.Layer]
) -> nn.Sequential:
    """A Sequential of BlazeBlocks from rows (channels, stride); `activation` is called with the channels of each."""
    blocks = []
    for channels, stride in table:
        blocks.append(BlazeBlock(in_channels, channels, stride, activation))
        in_channels = channels
    return nn.Sequential(*blocks)


def _anchors_last(x, width):
    """(N, anchors * width, h, w) -> (N, h * w * anchors, width), cells row by row."""
    return x.transpose([0, 2, 3, 1]).reshape([x.shape[0], -1, width])


@MODELS.register("blazeface")
class BlazeFace(nn.Layer):
    """Face detector. Convention: x is (N, 3, 128, 128) RGB in [-1, 1] (pixel / 127.5 - 1), the picture letterboxed."""

    input_size = 128

    def __init__(self):
        super().__init__()
        front, back = FRONT[-1][0], BACK[-1][0]
        self.stem = SameConv2D(3, STEM, 5, 2)
        self.front = blaze_blocks(STEM, FRONT, lambda channels: nn.ReLU())
        self.front_regressor = Conv2D(front, FRONT_ANCHORS * COORDINATES, 1)
        self.back = blaze_blocks(front, BACK, lambda channels: nn.ReLU())
        self.back_regressor = Conv2D(back, BACK_ANCHORS * COORDINATES, 1)
        self.front_classifier = Conv2D(front, FRONT_ANCHORS, 1)
        self.back_classifier = Conv2D(back, BACK_ANCHORS, 1)

    def forward(self, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        """x -> (regressors (N, 896, 16) in input pixels relative to the anchor centre, logits (N, 896)).

        Anchors: 16 x 16 cells with two each, then 8 x 8 cells with six each; an anchor is its cell's centre.
        """
        front = self.front(F.relu(self.stem(x)))
        back = self.back(front)
        regressors = paddle.concat(
            [
                _anchors_last(self.front_regressor(front), COORDINATES),
                _anchors_last(self.back_regressor(back), COORDINATES),
            ],
            1,
        )
        logits = paddle.concat(
            [_anchors_last(self.front_classifier(front), 1), _anchors_last(self.back_classifier(back), 1)], 1
        )
        return regressors, logits.squeeze(-1)
