"""L_per of the paper's objective: distance of several layers of a fixed ImageNet network."""

import paddle.nn as nn

from paddle_mfs.models import create_model
from paddle_mfs.ops.freeze import freeze


def perceptual_network(name, weights):
    """A frozen feature network: "vision_squeezenet" (weights: "pretrained" or paddle.vision's file) or "squeezenet" (a path).

    Raises UserError for an unknown name, missing or wrong weights.
    """
    if name != "vision_squeezenet":
        return create_model(name, weights=weights)
    network = create_model(name)
    network.load(weights)
    return freeze(network)


class PerceptualLoss(nn.Layer):
    """Mean absolute difference of feature maps, summed over the network's taps.

    Args:
        network: frozen, (N, 3, H, W) RGB in [0, 1] -> list of feature maps, its `scale` brings them to the size of colours.
    forward: features of the student's image and of the teacher's -> (N,).
    """

    def __init__(self, network):
        super().__init__()
        self.network = network

    def features(self, image):
        return [tap * self.network.scale for tap in self.network(image)]

    def forward(self, features, taught_features):
        return sum((a - b).abs().flatten(1).mean(1) for a, b in zip(features, taught_features))
