"""SqueezeNet 1.0 features, for the perceptual loss.

Paper: F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
https://arxiv.org/abs/1602.07360. Weights: compressed_SqueezeNet.net of github.com/songhan/SqueezeNet-Deep-Compression
at fb13faa2cf121ced9999f8a9d538ec6c56084733 (BSD 2-clause); they are not bundled: convert that file
(tools/convert_weights.py squeezenet) and give the path of the result.
"""

from collections.abc import Sequence

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.layers import Conv2D
from paddle_mfs.utils.errors import UserError

STEM = 96
# name, squeeze, expand 1x1, expand 3x3; the feature map of a row has expand 1x1 + expand 3x3 channels
FIRES = (
    ("fire2", 16, 64, 64),
    ("fire3", 16, 64, 64),
    ("fire4", 32, 128, 128),
    ("fire5", 32, 128, 128),
    ("fire6", 48, 192, 192),
    ("fire7", 48, 192, 192),
    ("fire8", 64, 256, 256),
    ("fire9", 64, 256, 256),
)
POOL_AFTER = ("fire4", "fire8")
MEAN_BGR = (104.0, 117.0, 123.0)


class Fire(nn.Layer):
    """Squeeze to few channels, expand with 1x1 and 3x3 convolutions side by side."""

    def __init__(self, in_channels: int, squeeze: int, expand1: int, expand3: int):
        super().__init__()
        self.squeeze = Conv2D(in_channels, squeeze, 1)
        self.expand1x1 = Conv2D(squeeze, expand1, 1)
        self.expand3x3 = Conv2D(squeeze, expand3, 3, padding=1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = F.relu(self.squeeze(x))
        return paddle.concat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


@MODELS.register("squeezenet")
class SqueezeNet(nn.Layer):
    """ImageNet features without the classifier.

    Convention: x is (N, 3, H, W) RGB in [0, 1], H and W at least 64; the network's own BGR 0..255 less the mean is
    made inside.

    Args:
        taps: names of the feature maps to return, of fire2 ... fire9. Nothing after the last one is computed.
    """

    scale = 1 / 50  # brings feature maps (about 0..100) to the size of colours

    def __init__(self, taps: Sequence[str] = ("fire2", "fire4")):
        super().__init__()
        self.order = [row[0] for row in FIRES]
        unknown = [tap for tap in taps if tap not in self.order]
        if unknown or not taps:
            raise UserError(f"taps: {unknown or 'none'} not in SqueezeNet; choose from {', '.join(self.order)}")
        self.taps = tuple(taps)
        self.conv1 = Conv2D(3, STEM, 7, stride=2)
        channels = STEM
        for name, squeeze, expand1, expand3 in FIRES:
            setattr(self, name, Fire(channels, squeeze, expand1, expand3))
            channels = expand1 + expand3

    def forward(self, x: paddle.Tensor) -> list[paddle.Tensor]:
        """x -> list of feature maps, in the order of `taps` (fire2: (N, 128, h, w); fire4: (N, 256, h, w))."""
        mean = paddle.to_tensor(MEAN_BGR, x.dtype).reshape([1, 3, 1, 1])
        x = paddle.concat([x[:, 2:], x[:, 1:2], x[:, :1]], 1) * 255 - mean
        x = F.max_pool2d(F.relu(self.conv1(x)), 3, 2, ceil_mode=True)
        found = {}
        for name in self.order[: max(self.order.index(tap) for tap in self.taps) + 1]:
            x = found[name] = getattr(self, name)(x)
            if name in POOL_AFTER and len(self.taps) > len(found.keys() & set(self.taps)):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        return [found[tap] for tap in self.taps]
