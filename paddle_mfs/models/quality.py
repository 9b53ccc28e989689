"""Q, the judge of teacher images in the loss reweighting: a ResNet-18 with one output.

Paper: arXiv 2201.03808 (its labels: https://github.com/Seanseattle/MobileFaceSwap/issues/14). The network is
paddle.vision's (K. He et al., https://arxiv.org/abs/1512.03385) and starts from random weights; `width` makes it
narrower, which is ours.
"""

from __future__ import annotations

from pathlib import Path

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.vision.models.resnet import BasicBlock, ResNet

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.ops.resample import area_resize
from paddle_mfs.weights import bundled, load_state, set_state

SIZE = 112  # pixels: what the network looks at


@MODELS.register("quality")
class QualityNet(ResNet):
    """How finished a teacher's image is: 0 = the start of its training, or spoilt; 1 = as good as it gets.

    Convention: x is (N, 3, S, S) RGB in [0, 1], S >= 112, aligned to the ArcFace template; area-resized to 112 inside.

    Args:
        width: channels of the first stage, doubled by each of the other three. 64 is `paddle.vision.models.resnet18`.
    """

    def __init__(self, width: int = 64):
        super().__init__(BasicBlock, 18, num_classes=1)
        if width != 64:
            self.inplanes = width
            self.conv1 = nn.Conv2D(3, width, 7, stride=2, padding=3, bias_attr=False)
            self.bn1 = nn.BatchNorm2D(width)
            for stage in range(4):
                blocks = self._make_layer(BasicBlock, width << stage, 2, stride=1 if stage == 0 else 2)
                setattr(self, f"layer{stage + 1}", blocks)
            self.fc = nn.Linear(8 * width, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """x -> (N,) in (0, 1)."""
        return F.sigmoid(super().forward(area_resize(x, SIZE) * 2 - 1)).squeeze(1)


def load_quality(path: str | Path | None = None) -> QualityNet:
    """The quality network of a weights file (None: the bundled one), frozen; its width is read off the file.

    Raises UserError when the file is missing, truncated or of another network.
    """
    path = bundled("quality") if path is None else path
    state = load_state(path)
    stem = state.get("conv1.weight")
    net = QualityNet(stem.shape[0] if stem is not None and stem.ndim == 4 else 64)
    return freeze(set_state(net, state, path))
