"""SimSwap at 224 px as a teacher: AdaIN blocks put an ArcFace identity into a convolutional autoencoder.

Paper: R. Chen et al., "SimSwap: An Efficient Framework For High Fidelity Face Swapping", ACM MM 2020,
https://arxiv.org/abs/2106.06340. Parameter names and shapes are those of the public "people" checkpoint
(https://github.com/neuralchen/SimSwap, latest_net_G.pth); users bring it, with the identity network it ships
(arcface_checkpoint.tar), whose layout is that of models/arcface.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn

from paddle_mfs.models.arcface import IRSEResNet
from paddle_mfs.teachers.network import NetworkTeacher, load_network, resized
from paddle_mfs.utils.tensor import to_batch, to_image

WIDTHS = (64, 128, 256, 512)  # at 224, 112, 56 and 28 px
BLOCKS = 9
IDENTITY = 512
EPSILON = 1e-8


class InstanceNorm(nn.Layer):
    """Zero mean and unit variance of each channel of each sample, without parameters."""

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = x - x.mean([2, 3], keepdim=True)
        return x * paddle.rsqrt((x * x).mean([2, 3], keepdim=True) + EPSILON)


class ApplyStyle(nn.Layer):
    """x * (1 + scale) + shift, both predicted from the identity."""

    def __init__(self, identity: int, channels: int):
        super().__init__()
        self.linear = nn.Linear(identity, 2 * channels)

    def forward(self, x: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        scale, shift = self.linear(identity).unsqueeze([2, 3]).chunk(2, 1)
        return x * (scale + 1) + shift


class AdaINBlock(nn.Layer):
    """Residual block of two convolutions, each followed by AdaIN with the identity."""

    def __init__(self, identity: int, channels: int):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Pad2D(1, "reflect"), nn.Conv2D(channels, channels, 3), InstanceNorm())
        self.style1 = ApplyStyle(identity, channels)
        self.conv2 = nn.Sequential(nn.Pad2D(1, "reflect"), nn.Conv2D(channels, channels, 3), InstanceNorm())
        self.style2 = ApplyStyle(identity, channels)

    def forward(self, x: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        y = nn.functional.relu(self.style1(self.conv1(x), identity))
        return x + self.style2(self.conv2(y), identity)


def _down(inputs, outputs):
    return nn.Sequential(nn.Conv2D(inputs, outputs, 3, 2, 1), nn.BatchNorm2D(outputs), nn.ReLU())


def _up(inputs, outputs):
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2D(inputs, outputs, 3, padding=1),
        nn.BatchNorm2D(outputs),
        nn.ReLU(),
    )


class SimSwapGenerator(nn.Layer):
    """The public Generator_Adain_Upsample for 224 px.

    Args:
        widths: channels at full, half, quarter and eighth size.
        blocks: AdaIN blocks at the smallest size.
        identity: width of the identity embedding.
    forward: target (N, 3, H, W) RGB in [0, 1], H and W multiples of 8; identity (N, identity) of unit length -> (N, 3,
        H, W) in [0, 1].
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, blocks: int = BLOCKS, identity: int = IDENTITY):
        super().__init__()
        first, second, third, fourth = widths
        self.first_layer = nn.Sequential(
            nn.Pad2D(3, "reflect"), nn.Conv2D(3, first, 7), nn.BatchNorm2D(first), nn.ReLU()
        )
        self.down1, self.down2, self.down3 = _down(first, second), _down(second, third), _down(third, fourth)
        self.BottleNeck = nn.LayerList([AdaINBlock(identity, fourth) for _ in range(blocks)])
        self.up3, self.up2, self.up1 = _up(fourth, third), _up(third, second), _up(second, first)
        self.last_layer = nn.Sequential(nn.Pad2D(3, "reflect"), nn.Conv2D(first, 3, 7), nn.Tanh())

    def forward(self, target: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        x = self.down3(self.down2(self.down1(self.first_layer(target))))
        for block in self.BottleNeck:
            x = block(x, identity)
        return (self.last_layer(self.up1(self.up2(self.up3(x)))) + 1) / 2


class SimSwapTeacher(NetworkTeacher):
    """SimSwap, from its two converted files. Raises UserError for files of another network.

    The public code cuts faces by templates of several poses, this one by the ArcFace template, a few pixels away.
    """

    name = "simswap"
    options = required = ("weights", "encoder")
    licence = (
        "SimSwap's weights are under CC BY-NC 4.0: no commercial use, and what learns from them inherits that "
        "(https://github.com/neuralchen/SimSwap)"
    )
    size = 224

    def __init__(self, weights: str | Path, encoder: str | Path):
        super().__init__()
        self.generator = load_network(SimSwapGenerator(), weights, "teacher.weights")
        self.encoder = load_network(IRSEResNet(), encoder, "teacher.encoder")

    @paddle.no_grad()
    def identify(self, source: np.ndarray) -> paddle.Tensor:
        every_other = resized(source, self.size)[::2, ::2]  # the public code halves by nearest neighbour
        embedding, _ = self.encoder(paddle.to_tensor(to_batch(every_other, self.encoder.mean, self.encoder.std)))
        return nn.functional.normalize(embedding)

    @paddle.no_grad()
    def paint(self, identity: paddle.Tensor, picture: np.ndarray) -> np.ndarray:
        return to_image(self.generator(paddle.to_tensor(to_batch(picture, 0, 1)), identity).numpy())
