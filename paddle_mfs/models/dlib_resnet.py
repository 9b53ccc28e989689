"""dlib's face recogniser, a 29-layer residual network. It only measures identity; nothing is trained against it.

Source: Davis King, https://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html. Weights:
dlib_face_recognition_resnet_model_v1.dat of the PyPI package face_recognition_models 0.3.0 (CC0 1.0); the affine layers
that replace batch normalisation are folded into the convolutions.
"""

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D

STEM = 32
# channels, residual blocks, does the first halve the grid                    grid after the row at 150 px
LEVELS = (
    (32, 3, False),  # 35 x 35
    (64, 4, True),  # 17 x 17
    (128, 3, True),  # 8 x 8
    (256, 3, True),  # 4 x 4
    (256, 1, True),  # 2 x 2
)
DESCRIPTOR = 128
MEAN_RGB = (122.782, 117.001, 104.298)


class ResidualBlock(nn.Layer):
    """Two 3x3 convolutions. A halving block convolves without padding, average-pools its shortcut, and fills with
    zeros the missing channels of the shortcut and the missing last row and column of the convolution, as dlib does.
    """

    def __init__(self, in_channels: int, channels: int, halve: bool):
        super().__init__()
        self.halve, self.extra = halve, channels - in_channels
        self.conv1 = Conv2D(in_channels, channels, 3, stride=2 if halve else 1, padding=0 if halve else 1)
        self.conv2 = Conv2D(channels, channels, 3, padding=1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.conv2(F.relu(self.conv1(x)))
        if self.halve:
            x = F.avg_pool2d(x, 2, 2)
            bottom, right = x.shape[2] - y.shape[2], x.shape[3] - y.shape[3]
            if bottom or right:
                y = F.pad(y, [0, right, 0, bottom])
            if self.extra:
                x = paddle.concat([x, paddle.zeros([x.shape[0], self.extra, *x.shape[2:]], x.dtype)], 1)
        return F.relu(x + y)


@MODELS.register("dlib_resnet")
class DlibResNet(nn.Layer):
    """Recogniser whose descriptors are compared by EUCLIDEAN distance: the same person is below 0.6.

    Convention: x is (N, 3, 150, 150) RGB in 0..255, aligned to dlib's own chip (metrics/identity.py), not to ArcFace's.
    """

    input_size = 150

    def __init__(self):
        super().__init__()
        self.stem = Conv2D(3, STEM, 7, stride=2)
        blocks, channels = [], STEM
        for width, count, halve in LEVELS:
            for index in range(count):
                blocks.append(ResidualBlock(channels, width, halve and index == 0))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.descriptor = nn.Linear(channels, DESCRIPTOR, bias_attr=False)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """x -> descriptor (N, 128)."""
        x = (x - paddle.to_tensor(MEAN_RGB, x.dtype).reshape([1, 3, 1, 1])) / 256
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2)
        return self.descriptor(self.blocks(x).mean([2, 3]))
