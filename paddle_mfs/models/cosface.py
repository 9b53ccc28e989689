"""CosFace with 20 layers, a recogniser that users bring to measure by, as published surveys do.

Paper: H. Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", https://arxiv.org/abs/1801.09414;
the layers are those of SphereFace-20, https://arxiv.org/abs/1704.08063. Parameter names are those of
https://github.com/MuggleWang/CosFace_pytorch (ACC99.28.pth), so that its file converts
(tools/convert_weights.py cosface20).
"""

from __future__ import annotations

import paddle
import paddle.nn as nn

from paddle_mfs.models.registry import MODELS

DESCRIPTOR = 512
LEVELS = (
    (64, 1),
    (128, 2),
    (256, 4),
    (512, 1),
)  # channels, residual blocks; each halves the grid: 7 x 6 after the last
HEIGHT, WIDTH = 112, 96


class Block(nn.Layer):
    """x + PReLU(conv(PReLU(conv(x)))), without biases."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2D(channels, channels, 3, padding=1, bias_attr=False)
        self.prelu1 = nn.PReLU(channels)
        self.conv2 = nn.Conv2D(channels, channels, 3, padding=1, bias_attr=False)
        self.prelu2 = nn.PReLU(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.prelu2(self.conv2(self.prelu1(self.conv1(x))))


@MODELS.register("cosface20")
class CosFace20(nn.Layer):
    """x (N, 3, 112, 96) RGB in [-1, 1], aligned to the ArcFace template less 8 px at the left -> descriptor (N, 512),
    not normalised; compare by cosine."""

    def __init__(self):
        super().__init__()
        inside = 3
        for number, (channels, blocks) in enumerate(LEVELS, 1):
            first = nn.Conv2D(inside, channels, 3, stride=2, padding=1)
            level = nn.Sequential(first, nn.PReLU(channels), *(Block(channels) for _ in range(blocks)))
            setattr(self, f"layer{number}", level)
            inside = channels
        self.fc = nn.Linear(inside * 7 * 6, DESCRIPTOR)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        for number in range(1, len(LEVELS) + 1):
            x = getattr(self, f"layer{number}")(x)
        return self.fc(x.flatten(1))
