"""FaceMesh, 468 landmarks in three dimensions.

Paper: Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs",
https://arxiv.org/abs/1907.06724. Weights: face_landmark.tflite of the PyPI package mediapipe 0.10.14 (Apache-2.0).
"""

import paddle
import paddle.nn as nn

from paddle_mfs.models.blazeface import BlazeBlock, blaze_blocks
from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D, FrozenPReLU
from paddle_mfs.ops.same_padding import SameConv2D

STEM = 16
# channels, stride    grid after the row at 192 px
TRUNK = (
    (16, 1),
    (16, 1),  # 96 x 96
    (32, 2),
    (32, 1),
    (32, 1),  # 48 x 48
    (64, 2),
    (64, 1),
    (64, 1),  # 24 x 24
    (128, 2),
    (128, 1),
    (128, 1),  # 12 x 12
    (128, 2),
    (128, 1),
    (128, 1),  # 6 x 6
)
LANDMARK_BRANCH = ((128, 2), (128, 1), (128, 1))  # 3 x 3
PRESENCE_BRANCH = ((128, 2),)  # 3 x 3
NARROW = 32
LANDMARKS = 468


class Branch(nn.Layer):
    """Blaze blocks down to 3x3, a narrow bottleneck, and one convolution over the whole 3x3 grid."""

    def __init__(self, in_channels: int, table: tuple[tuple[int, int], ...], outputs: int):
        super().__init__()
        self.blocks = blaze_blocks(in_channels, table, FrozenPReLU)
        self.narrow = Conv2D(table[-1][0], NARROW, 1)
        self.narrow_act = FrozenPReLU(NARROW)
        self.narrow_block = BlazeBlock(NARROW, NARROW, 1, FrozenPReLU)
        self.output = Conv2D(NARROW, outputs, 3)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = self.narrow_act(self.narrow(self.blocks(x)))
        return self.output(self.narrow_block(x)).squeeze([2, 3])  # not flatten: Paddle-Lite crashes on it


@MODELS.register("facemesh")
class FaceMesh(nn.Layer):
    """Landmark network. Convention: x is (N, 3, 192, 192) RGB in [0, 1], the upright face's box times 1.5."""

    input_size = 192

    def __init__(self):
        super().__init__()
        self.stem = SameConv2D(3, STEM, 3, 2)
        self.stem_act = FrozenPReLU(STEM)
        self.trunk = blaze_blocks(STEM, TRUNK, FrozenPReLU)
        self.landmarks = Branch(TRUNK[-1][0], LANDMARK_BRANCH, LANDMARKS * 3)
        self.presence = Branch(TRUNK[-1][0], PRESENCE_BRANCH, 1)

    def forward(self, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        """x -> (landmarks (N, 468, 3): x, y, depth in pixels of the 192 px crop; presence logit (N,))."""
        x = self.trunk(self.stem_act(self.stem(x)))
        return self.landmarks(x).reshape([-1, LANDMARKS, 3]), self.presence(x).squeeze(-1)
