"""The discriminator of L_adv: the same small PatchGAN at several scales of the picture, with spectral normalisation.

The paper's Fig. 2 has a discriminator without telling its kind; this one is ours, after P. Isola et al.
(https://arxiv.org/abs/1611.07004), T.-C. Wang et al. (several scales, https://arxiv.org/abs/1711.11585) and T. Miyato
et al. (spectral normalisation, https://arxiv.org/abs/1802.05957).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.nn.utils import spectral_norm

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D

# kernel, stride and channels (times the width) of the layers before the last, which has one channel, kernel 3 and
# stride 1; a value of the last layer sees 38 px of the picture it is given
LAYERS = ((4, 2, 1), (4, 2, 2), (4, 2, 4))
SETTLED = 20  # power iterations after which a fresh network's spectral norms are known


class PatchDiscriminator(nn.Layer):
    """(N, 3, H, W) in [-1, 1] -> (N, 1, H/8, W/8), large where the picture looks real."""

    def __init__(self, width: int):
        super().__init__()
        layers, channels = [], 3
        for kernel, stride, times in LAYERS:
            layers += [spectral_norm(Conv2D(channels, times * width, kernel, stride, padding=1)), nn.LeakyReLU(0.2)]
            channels = times * width
        self.layers = nn.Sequential(*layers, spectral_norm(Conv2D(channels, 1, 3, padding=1)))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.layers(x)


@MODELS.register("discriminator")
class MultiScaleDiscriminator(nn.Layer):
    """Judges crops patch by patch.

    Convention: x is (N, 3, S, S) RGB in [0, 1].

    Args:
        width: channels of the first layer.
        scales: how many networks; each after the first sees the crop at half the size of the one before.
    """

    def __init__(self, width: int = 32, scales: int = 2):
        super().__init__()
        self.scales = nn.LayerList([PatchDiscriminator(width) for _ in range(scales)])
        # The first thing asked of it is its judgement (`fixed`), which does not iterate: by norms as random as they
        # begin it would be thousands, and so would the student's first gradient.
        with paddle.no_grad():
            for _ in range(SETTLED):
                self(paddle.zeros([1, 3, 64, 64]))

    def forward(self, x: paddle.Tensor) -> list[paddle.Tensor]:
        """x -> [(N, 1, h, w) for each scale], large where the picture looks real."""
        x, found = x * 2 - 1, []
        for index, network in enumerate(self.scales):
            x = F.avg_pool2d(x, 2) if index else x
            found.append(network(x))
        return found

    @contextlib.contextmanager
    def fixed(self) -> Iterator[MultiScaleDiscriminator]:
        """Within this context it only judges: gradients pass on to the picture, its weights gather none."""
        parameters = self.parameters()
        for parameter in parameters:
            parameter.stop_gradient = True
        self.eval()  # no power iteration either
        try:
            yield self
        finally:
            self.train()
            for parameter in parameters:
                parameter.stop_gradient = False
