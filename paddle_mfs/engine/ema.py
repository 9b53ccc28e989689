"""Exponential moving average of a network's weights."""

import copy

import paddle
import paddle.nn as nn


class WeightAverage:
    """Holds `net`, the average in eval mode.

    Args:
        net: the network in training.
        decay: of the average, a step.
        every: steps between two updates, each of which decays by decay ** every.
    """

    def __init__(self, net: nn.Layer, decay: float, every: int):
        self.net, self.decay, self.every = copy.deepcopy(net), decay, every
        self.net.eval()

    @paddle.no_grad()
    def update(self, net: nn.Layer, step: int) -> None:
        """To be called after every step; short-sighted at first, so that early previews mean something."""
        if step % self.every:
            return
        decay = min(self.decay**self.every, step / (step + 10 * self.every))
        mine = net.state_dict()
        for name, average in self.net.state_dict().items():
            # By the difference: what is frozen stays as it is, to the last bit, and nothing has to be read to know.
            average.set_value(average + (mine[name] - average) * (1 - decay))
