"""IR-SE ResNet, the ArcFace recogniser of the public Paddle release of MobileFaceSwap.

Papers: J. Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition",
https://arxiv.org/abs/1801.07698; J. Hu et al., "Squeeze-and-Excitation Networks", https://arxiv.org/abs/1709.01507.
Parameter names and shapes are those of the public arcface.pdparams (https://github.com/Seanseattle/MobileFaceSwap);
the file is not bundled: give its path.
"""

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS

STEM = 64
# channels, blocks, stride of the first block     grid after the row at 112 px (the stem's pooling gives 55 x 55)
LAYERS = (
    (64, 3, 1),  # 55 x 55
    (128, 4, 2),  # 28 x 28
    (256, 23, 2),  # 14 x 14
    (512, 3, 2),  # 7 x 7
)
GRID = 7
EMBEDDING = 512
REDUCTION = 16


def _conv3x3(in_channels, channels, stride=1, padding=1):
    return nn.Conv2D(in_channels, channels, 3, stride, padding, bias_attr=False)


class SqueezeExcitation(nn.Layer):
    """Weighs each channel by a small network of the channels' means."""

    def __init__(self, channels: int):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // REDUCTION),
            nn.PReLU(),
            nn.Linear(channels // REDUCTION, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x * self.fc(x.mean([2, 3])).unsqueeze([2, 3])


class IRSEBlock(nn.Layer):
    """Improved residual block with squeeze and excitation; one PReLU slope serves both of its activations."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.bn0 = nn.BatchNorm2D(in_channels)
        self.conv1 = _conv3x3(in_channels, in_channels)
        self.bn1 = nn.BatchNorm2D(in_channels)
        self.prelu = nn.PReLU()
        self.conv2 = _conv3x3(in_channels, channels, stride)
        self.bn2 = nn.BatchNorm2D(channels)
        self.se = SqueezeExcitation(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                nn.Conv2D(in_channels, channels, 1, stride, bias_attr=False), nn.BatchNorm2D(channels)
            )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.prelu(self.bn1(self.conv1(self.bn0(x))))
        y = self.se(self.bn2(self.conv2(y)))
        return self.prelu(y + (x if self.downsample is None else self.downsample(x)))


@MODELS.register("arcface")
class IRSEResNet(nn.Layer):
    """Identity encoder of the public release.

    Convention: x is (N, 3, 112, 112) RGB, (pixel/255 - mean) / std with ImageNet's mean and std, aligned to the
    ArcFace template.

    Args:
        layers: as LAYERS.
        grid: side of the last row's map.
    """

    input_size = 112
    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    embedding_width = EMBEDDING
    feature_width = LAYERS[-1][0]

    def __init__(self, layers: tuple[tuple[int, int, int], ...] = LAYERS, grid: int = GRID):
        super().__init__()
        self.conv1 = _conv3x3(3, STEM, padding=0)
        self.bn1 = nn.BatchNorm2D(STEM)
        self.prelu = nn.PReLU()
        in_channels = STEM
        for number, (channels, count, stride) in enumerate(layers, 1):
            blocks = [IRSEBlock(in_channels, channels, stride)]
            blocks += [IRSEBlock(channels, channels, 1) for _ in range(count - 1)]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
            in_channels = channels
        self.bn2 = nn.BatchNorm2D(in_channels)
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(in_channels * grid * grid, EMBEDDING)
        self.bn3 = nn.BatchNorm1D(EMBEDDING)

    def forward(self, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        """x -> (embedding (N, 512), not normalised; feature (N, 512, 7, 7))."""
        x = F.max_pool2d(self.prelu(self.bn1(self.conv1(x))), 2, 2)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        feature = self.dropout(self.bn2(x))
        flat = feature.reshape([feature.shape[0], -1])  # not flatten: Paddle-Lite crashes on it
        return self.bn3(self.fc(flat)), feature
