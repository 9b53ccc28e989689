"""IR-SE-50, the ArcFace recogniser that public FaceShifter checkpoints were trained with.

Papers: J. Deng et al., https://arxiv.org/abs/1801.07698; J. Hu et al., https://arxiv.org/abs/1709.01507. Parameter
names and shapes are those of model_ir_se50.pth (https://github.com/TreB1eN/InsightFace_Pytorch); users bring the file.
"""

from collections.abc import Sequence

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

STEM = 64
LAYERS = (  # channels, blocks; grid of the row at 112 px; the first block of a row halves
    (64, 3),  # 56 x 56
    (128, 4),  # 28 x 28
    (256, 14),  # 14 x 14
    (512, 3),  # 7 x 7
)
SIZE = 112
EMBEDDING = 512
REDUCTION = 16


class SqueezeExcitation(nn.Layer):
    """Weighs each channel by a small network of the channels' means."""

    def __init__(self, channels: int):
        super().__init__()
        self.fc1 = nn.Conv2D(channels, channels // REDUCTION, 1, bias_attr=False)
        self.fc2 = nn.Conv2D(channels // REDUCTION, channels, 1, bias_attr=False)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x * F.sigmoid(self.fc2(F.relu(self.fc1(x.mean([2, 3], keepdim=True)))))


class IRSEUnit(nn.Layer):
    """Improved residual block with squeeze and excitation."""

    def __init__(self, inputs: int, channels: int, stride: int):
        super().__init__()
        if inputs == channels:
            self.shortcut_layer = nn.MaxPool2D(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2D(inputs, channels, 1, stride, bias_attr=False), nn.BatchNorm2D(channels)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2D(inputs),
            nn.Conv2D(inputs, channels, 3, 1, 1, bias_attr=False),
            nn.PReLU(channels),
            nn.Conv2D(channels, channels, 3, stride, 1, bias_attr=False),
            nn.BatchNorm2D(channels),
            SqueezeExcitation(channels),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.res_layer(x) + self.shortcut_layer(x)


class IRSE50(nn.Layer):
    """Identity encoder of FaceShifter: (N, 3, 112, 112) RGB in [-1, 1], ArcFace template -> (N, 512) of unit length.

    Args:
        stem: channels before the first row.
        layers: (channels, blocks) of each row.
        size: side of the picture; each row halves it.
    """

    def __init__(
        self,
        stem: int = STEM,
        layers: Sequence[tuple[int, int]] = LAYERS,
        size: int = SIZE,
        embedding: int = EMBEDDING,
    ):
        super().__init__()
        self.input_size = size
        self.input_layer = nn.Sequential(
            nn.Conv2D(3, stem, 3, 1, 1, bias_attr=False), nn.BatchNorm2D(stem), nn.PReLU(stem)
        )
        units, inputs = [], stem
        for channels, count in layers:
            for index in range(count):
                units.append(IRSEUnit(inputs, channels, 1 if index else 2))
                inputs = channels
        self.body = nn.Sequential(*units)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2D(inputs),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(inputs * (size >> len(layers)) ** 2, embedding),
            nn.BatchNorm1D(embedding),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.normalize(self.output_layer(self.body(self.input_layer(x))))
