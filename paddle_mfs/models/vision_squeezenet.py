"""SqueezeNet 1.0 as paddle.vision ships it, cut down to its early feature maps, for the perceptual loss.

Paper: F. Iandola et al., https://arxiv.org/abs/1602.07360. Weights: ImageNet, from paddle.vision
(https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/vision/models/squeezenet1_0_en.html), Apache-2.0.
"""

from pathlib import Path

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.vision.models import squeezenet1_0

from paddle_mfs.models.registry import MODELS
from paddle_mfs.models.squeezenet import SqueezeNet
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import load_into


@MODELS.register("vision_squeezenet")
class VisionSqueezeNet(nn.Layer):
    """x (N, 3, H, W) RGB in [0, 1], at least 64 px -> [fire2 (N, 128, h, w), fire4 (N, 256, h, w)]."""

    scale = SqueezeNet.scale

    def __init__(self):
        super().__init__()
        self.net = squeezenet1_0()
        self._mean = paddle.to_tensor([0.485, 0.456, 0.406]).reshape([1, 3, 1, 1])
        self._std = paddle.to_tensor([0.229, 0.224, 0.225]).reshape([1, 3, 1, 1])

    def forward(self, x: paddle.Tensor) -> list[paddle.Tensor]:
        net = self.net
        x = net._pool(F.relu(net._conv((x - self._mean) / self._std)))
        fire2 = net._conv1(x)
        return [fire2, net._conv3(net._conv2(fire2))]

    def load(self, weights: str | Path) -> None:
        """Load paddle.vision's own file, or let paddle.vision download it for "pretrained". Raises UserError."""
        if weights != "pretrained":
            load_into(self.net, weights)
            return
        from paddle.utils.download import get_weights_path_from_url
        from paddle.vision.models.squeezenet import model_urls

        url, md5 = model_urls["squeezenet1_0"]
        try:
            path = get_weights_path_from_url(url, md5)
        except (OSError, RuntimeError):
            raise UserError(
                f"{url}: the perceptual network's ImageNet weights could not be downloaded; fetch the file "
                "elsewhere and set loss.perceptual_weights to its path, or do without by loss.weights.perceptual=0"
            ) from None
        load_into(self.net, path)
