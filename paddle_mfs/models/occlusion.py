"""The occlusion segmenter: what lies before a face (hands, hair, cups, masks, anything) and must not be painted over.

This is ours: a small U-Net (O. Ronneberger et al., https://arxiv.org/abs/1505.04597) of depthwise and pointwise
convolutions. It sees an aligned crop, so it knows where a face's own parts are; spectacles and beards are parts of it.
"""

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D, DepthwiseConv2D
from paddle_mfs.ops.resample import upsample2x

SIZE = 112  # pixels: what the network looks at
STEM = 16  # 56 x 56
# channels and number of blocks, the first of stride 2      map after the row at 112 px
DOWN = ((40, 2), (80, 2), (160, 4))  # 28, 14, 7
# blocks; before them the map is made as wide as that of its size on the way down, enlarged, and the two are added
UP = (2, 2, 1)  # 14, 28, 56
FINE = 8  # 112 x 112, beside the picture itself


class Separable(nn.Layer):
    """Depthwise 3x3, pointwise, BN, ReLU; with a shortcut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.depthwise = DepthwiseConv2D(inputs, 3, stride, 1)
        self.pointwise = Conv2D(inputs, outputs, 1)
        self.norm = nn.BatchNorm2D(outputs)
        self.same = inputs == outputs and stride == 1

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.norm(self.pointwise(self.depthwise(x)))
        return F.relu(x + y if self.same else y)


@MODELS.register("occlusion")
class OcclusionNet(nn.Layer):
    """Convention: x is (N, 3, 112, 112) RGB in [0, 1], aligned to the ArcFace template, area-averaged from 224."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv2D(3, STEM, 3, 2, 1)
        self.stem_norm = nn.BatchNorm2D(STEM)
        self.down, self.narrow, self.up = nn.LayerList(), nn.LayerList(), nn.LayerList()
        channels = STEM
        for outputs, blocks in DOWN:
            rows = [Separable(channels, outputs, 2), *(Separable(outputs, outputs) for _ in range(blocks - 1))]
            self.down.append(nn.Sequential(*rows))
            channels = outputs
        skips = [STEM, *(outputs for outputs, _ in DOWN)]
        for skip, blocks in zip(skips[-2::-1], UP):
            self.narrow.append(Conv2D(channels, skip, 1))
            self.up.append(nn.Sequential(*(Separable(skip, skip) for _ in range(blocks))))
            channels = skip
        self.narrow.append(Conv2D(channels, FINE, 1))
        self.fine = Separable(FINE + 3, FINE)
        self.answer = Conv2D(FINE, 1, 1)

    def logits(self, x: paddle.Tensor) -> paddle.Tensor:
        """x -> (N, 1, 112, 112), what becomes the probability."""
        x = x * 2 - 1
        maps = [F.relu(self.stem_norm(self.stem(x)))]
        for rows in self.down:
            maps.append(rows(maps[-1]))
        y = maps.pop()
        for narrow, rows in zip(self.narrow, self.up):
            y = rows(upsample2x(narrow(y)) + maps.pop())
        y = paddle.concat([upsample2x(self.narrow[-1](y)), x], 1)
        return self.answer(self.fine(y))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """x -> (N, 1, 112, 112) in (0, 1): the probability that something lies before the face."""
        return F.sigmoid(self.logits(x))
