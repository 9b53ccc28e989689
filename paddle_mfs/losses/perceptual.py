"""L_per of the paper's objective: distance of several layers of a fixed ImageNet network."""

from pathlib import Path

import paddle
import paddle.nn as nn

from paddle_mfs.losses.term import LOSSES, Resources, Term, View
from paddle_mfs.models import create_model
from paddle_mfs.ops.freeze import freeze


def perceptual_network(name: str, weights: str | Path) -> nn.Layer:
    """A frozen feature network: "vision_squeezenet" (weights: "pretrained" or paddle.vision's file) or "squeezenet" (a
    path).

    Raises UserError for an unknown name, missing or wrong weights.
    """
    if name != "vision_squeezenet":
        return create_model(name, weights=weights)
    network = create_model(name)
    network.load(weights)
    return freeze(network)


@LOSSES.register("perceptual")
class Perceptual(Term):
    """L_per: mean absolute difference of feature maps, summed over the network's taps.

    Args:
        network: frozen, (N, 3, H, W) RGB in [0, 1] -> list of feature maps, its `scale` brings them to the size of
            colours.
        every: it is computed on every k-th step, at k times its weight: the network costs as much as the student.
    """

    symbol, word, by_alpha = "L_per", "per", True

    def __init__(self, network: nn.Layer, every: int = 1):
        super().__init__()
        self.network, self.every = network, every

    @classmethod
    def build(cls, resources: Resources) -> "Perceptual":
        settings = resources.settings
        network = perceptual_network(settings.perceptual_network, settings.perceptual_weights)
        return cls(network, settings.perceptual_every)

    def forward(self, view: View) -> paddle.Tensor:
        with paddle.no_grad():
            wanted = self.features(view.batch.taught)
        return self.distance(self.features(view.swap.result), wanted)

    def features(self, image: paddle.Tensor) -> list[paddle.Tensor]:
        """(N, 3, H, W) RGB in [0, 1] -> list of feature maps (N, C, h, w)."""
        return [tap * self.network.scale for tap in self.network(image)]

    @staticmethod
    def distance(features: list[paddle.Tensor], taught_features: list[paddle.Tensor]) -> paddle.Tensor:
        """Features of the student's image and of the teacher's -> (N,)."""
        return sum((a - b).abs().flatten(1).mean(1) for a, b in zip(features, taught_features))
