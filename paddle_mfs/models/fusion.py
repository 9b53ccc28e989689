"""The two learned heads every identity shares: `final` paints the image, `mask` decides where it is shown.

MobileFaceSwap, arXiv 2201.03808 ("weakly semantic fusion module"). They live in the IIN's checkpoint as `final.*` and
`mask.*`; the sub-layer numbers are the public ones, where an upsampling was number 0.
"""

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.iin import SLOPE
from paddle_mfs.ops.layers import Conv2D, DepthwiseConv2D
from paddle_mfs.ops.resample import upsample2x

MASK_WIDTHS = (512, 128, 64, 32, 8, 2)


class FinalHead(nn.Layer):
    """(N, 32, H, W) -> tanh image in [-1, 1], (N, 3, 2H, 2W). `mobile`: half-pixel `upsample2x`."""

    def __init__(self, mobile: bool = False):
        super().__init__()
        self.mobile = mobile
        for number, layer in {
            1: Conv2D(32, 8, 1),
            2: nn.BatchNorm2D(8),
            4: Conv2D(8, 3, 3, padding=1),
            5: nn.BatchNorm2D(3),
            7: Conv2D(3, 3, 3, padding=1),
        }.items():
            self.add_sublayer(str(number), layer)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        layer = self._sub_layers
        # The 1x1 convolution goes before the upsampling: both are linear and interpolation weights sum to 1
        # (not at the mobile variant's edge, where this order is the one that was trained).
        x = F.leaky_relu(layer["2"](upsample2x(layer["1"](x), self.mobile)), SLOPE)
        x = F.leaky_relu(layer["5"](layer["4"](x)), SLOPE)
        return F.tanh(layer["7"](x))


class _MaskBlock(nn.Layer):
    """Bilinear x2, depthwise 3x3, pointwise, BN, LeakyReLU."""

    def __init__(self, inputs, outputs, mobile):
        super().__init__()
        self.mobile = mobile
        for number, layer in {
            1: DepthwiseConv2D(inputs, 3, padding=0 if mobile else 1),
            2: Conv2D(inputs, outputs, 1),
            3: nn.BatchNorm2D(outputs),
        }.items():
            self.add_sublayer(str(number), layer)

    def forward(self, x):
        layer = self._sub_layers
        x = upsample2x(x, self.mobile, ring=int(self.mobile))
        return F.leaky_relu(layer["3"](layer["2"](layer["1"](x))), SLOPE)


class FusionMask(nn.Layer):
    """Bottleneck (N, 512, h, w) -> fusion mask (N, 1, 32h, 32w) in (0, 1): 1 shows the painted image, 0 the target."""

    def __init__(self, mobile: bool = False):
        super().__init__()
        blocks = [_MaskBlock(a, b, mobile) for a, b in zip(MASK_WIDTHS, MASK_WIDTHS[1:])]
        for number, layer in enumerate(blocks + [Conv2D(2, 1, 3, padding=1)]):
            self.add_sublayer(str(number), layer)

    def forward(self, bottleneck: paddle.Tensor) -> paddle.Tensor:
        for layer in self._sub_layers.values():
            bottleneck = layer(bottleneck)
        return F.sigmoid(bottleneck)


class NoMask(nn.Layer):
    """Stands in for FusionMask where it is ablated: 1 everywhere, the painted image is shown whole."""

    def forward(self, bottleneck: paddle.Tensor) -> paddle.Tensor:
        n, _, h, w = bottleneck.shape
        return paddle.ones([n, 1, 32 * h, 32 * w], bottleneck.dtype)


def fusion_mask(mobile: bool, wanted: bool = True) -> FusionMask | NoMask:
    """The mask network, or its stand-in where it is not wanted."""
    return FusionMask(mobile) if wanted else NoMask()
