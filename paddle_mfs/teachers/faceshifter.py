"""FaceShifter's AEI-Net at 256 px as a teacher: attributes of the target at eight sizes, an identity, a generator.

Paper: L. Li et al., "FaceShifter: Towards High Fidelity And Occlusion Aware Face Swapping",
https://arxiv.org/abs/1912.13457 (its second network, HEAR-Net, is not used). The authors released nothing; layout,
parameter names and shapes are those of https://github.com/taotaonice/FaceShifter (G_latest.pth, identity network
model_ir_se50.pth): users bring both files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.teachers.ir_se50 import IRSE50
from paddle_mfs.teachers.network import NetworkTeacher, load_network, resized
from paddle_mfs.utils.tensor import to_batch, to_image

IDENTITY = 512
WIDTHS = (32, 64, 128, 256, 512, 1024, 1024)  # of the attribute encoder, at 128, 64, ... 2 px


def doubled(x: paddle.Tensor) -> paddle.Tensor:
    """Twice the size, bilinear, the corners staying where they are."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class Deconvolution(nn.Layer):
    """Transposed convolution to twice the size, then the encoder's map of that size beside it."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.deconv = nn.Conv2DTranspose(inputs, outputs, 4, 2, 1, bias_attr=False)
        self.bn = nn.BatchNorm2D(outputs)

    def forward(self, x: paddle.Tensor, skip: paddle.Tensor) -> paddle.Tensor:
        return paddle.concat([F.leaky_relu(self.bn(self.deconv(x)), 0.1), skip], 1)


class AttributeEncoder(nn.Layer):
    """Multi-level attribute encoder, a U-Net.

    forward: (N, 3, S, S) in [-1, 1] -> maps of every size, coarsest first, the finest twice.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS):
        super().__init__()
        self.depth = len(widths)
        for number, (inputs, outputs) in enumerate(zip((3, *widths), widths), 1):
            setattr(
                self,
                f"conv{number}",
                nn.Sequential(
                    nn.Conv2D(inputs, outputs, 4, 2, 1, bias_attr=False), nn.BatchNorm2D(outputs), nn.LeakyReLU(0.1)
                ),
            )
        inputs = widths[-1]
        for number, outputs in enumerate(widths[-2::-1], 1):
            setattr(self, f"deconv{number}", Deconvolution(inputs, outputs))
            inputs = 2 * outputs

    def forward(self, x: paddle.Tensor) -> list[paddle.Tensor]:
        features = []
        for number in range(1, self.depth + 1):
            x = getattr(self, f"conv{number}")(x)
            features.append(x)
        attributes = [x]
        for number, skip in enumerate(features[-2::-1], 1):
            x = getattr(self, f"deconv{number}")(x, skip)
            attributes.append(x)
        return [*attributes, doubled(x)]


class AADLayer(nn.Layer):
    """Adaptive attentional denormalisation: a mask chooses, place by place, between identity and attributes."""

    def __init__(self, channels: int, attributes: int, identity: int):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2D(attributes, channels, 1), nn.Conv2D(attributes, channels, 1)
        self.fc1, self.fc2 = nn.Linear(identity, channels), nn.Linear(identity, channels)
        self.norm = nn.InstanceNorm2D(channels, weight_attr=False, bias_attr=False)
        self.conv_h = nn.Conv2D(channels, 1, 1)

    def forward(self, h: paddle.Tensor, attributes: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        h = self.norm(h)
        by_attributes = self.conv1(attributes) * h + self.conv2(attributes)
        by_identity = self.fc1(identity).unsqueeze([2, 3]) * h + self.fc2(identity).unsqueeze([2, 3])
        mask = F.sigmoid(self.conv_h(h))
        return (1 - mask) * by_attributes + mask * by_identity


class AADResBlock(nn.Layer):
    """Two AAD layers with convolutions; the shortcut has one of its own where the width changes."""

    def __init__(self, inputs: int, outputs: int, attributes: int, identity: int):
        super().__init__()
        self.changes = inputs != outputs
        for number, width in enumerate((inputs, outputs, outputs) if self.changes else (inputs, outputs), 1):
            setattr(self, f"AAD{number}", AADLayer(inputs, attributes, identity))
            setattr(self, f"conv{number}", nn.Conv2D(inputs, width, 3, 1, 1, bias_attr=False))

    def forward(self, h: paddle.Tensor, attributes: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        x = self.conv1(F.relu(self.AAD1(h, attributes, identity)))
        x = self.conv2(F.relu(self.AAD2(x, attributes, identity)))
        return x + (self.conv3(F.relu(self.AAD3(h, attributes, identity))) if self.changes else h)


class AADGenerator(nn.Layer):
    """Identity (N, identity) and the attribute maps, coarsest first -> (N, 3, S, S) in [-1, 1]."""

    def __init__(self, widths: Sequence[int] = WIDTHS, identity: int = IDENTITY):
        super().__init__()
        attributes = (widths[-1], *(2 * width for width in widths[-2::-1]), 2 * widths[0])
        outputs = (widths[-1], *widths[-1:0:-1], 3)  # a block is as wide as the encoder one level further down
        inputs = (widths[-1], *outputs[:-1])
        self.up1 = nn.Conv2DTranspose(identity, inputs[0], 2)
        self.count = len(attributes)
        for number, sizes in enumerate(zip(inputs, outputs, attributes), 1):
            setattr(self, f"AADBlk{number}", AADResBlock(*sizes, identity))

    def forward(self, attributes: Sequence[paddle.Tensor], identity: paddle.Tensor) -> paddle.Tensor:
        x = self.up1(identity.unsqueeze([2, 3]))
        for number in range(1, self.count + 1):
            x = getattr(self, f"AADBlk{number}")(x if number == 1 else doubled(x), attributes[number - 1], identity)
        return F.tanh(x)


class AEINet(nn.Layer):
    """The public AEI_Net.

    Args:
        widths: channels of the attribute encoder at S/2, S/4, ..., 2 px, so S is 2 ** (len(widths) + 1).
        identity: width of the identity embedding.
    forward: target (N, 3, S, S) RGB in [-1, 1]; identity (N, identity) of unit length -> (N, 3, S, S) in [-1, 1].
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, identity: int = IDENTITY):
        super().__init__()
        self.encoder = AttributeEncoder(widths)
        self.generator = AADGenerator(widths, identity)

    def forward(self, target: paddle.Tensor, identity: paddle.Tensor) -> paddle.Tensor:
        return self.generator(self.encoder(target), identity)


class FaceShifterTeacher(NetworkTeacher):
    """AEI-Net, from its two converted files. Raises UserError for files of another network.

    Its pictures show more than an aligned crop: the ArcFace template shrunk to 0.85 about the centre.
    """

    name = "faceshifter"
    options = required = ("weights", "encoder")
    licence = (
        "the publishers of these FaceShifter weights state no licence: ask them before any use "
        "(https://github.com/taotaonice/FaceShifter)"
    )
    size = 256
    box = (19, 19, 237, 237)

    def __init__(self, weights: str | Path, encoder: str | Path):
        super().__init__()
        self.network = load_network(AEINet(), weights, "teacher.weights")
        self.encoder = load_network(IRSE50(), encoder, "teacher.encoder")

    @paddle.no_grad()
    def identify(self, source: np.ndarray) -> paddle.Tensor:
        return self.encoder(paddle.to_tensor(to_batch(resized(source, self.encoder.input_size), 0.5, 0.5)))

    @paddle.no_grad()
    def paint(self, identity: paddle.Tensor, picture: np.ndarray) -> np.ndarray:
        return to_image(self.network(paddle.to_tensor(to_batch(picture, 0.5, 0.5)), identity).numpy(), 0.5, 0.5)
