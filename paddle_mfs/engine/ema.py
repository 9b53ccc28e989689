"""Exponential moving average of a network's weights."""

import copy

import paddle


class WeightAverage:
    """Holds `net`, the average in eval mode.

    Args:
        net: the network in training.
        decay: of the average, a step.
        every: steps between two updates, each of which decays by decay ** every.
    """

    def __init__(self, net, decay, every):
        self.net, self.decay, self.every = copy.deepcopy(net), decay, every
        self.net.eval()

    @paddle.no_grad()
    def update(self, net, step):
        """To be called after every step; short-sighted at first, so that early previews mean something."""
        if step % self.every:
            return
        decay = min(self.decay**self.every, step / (step + 10 * self.every))
        mine = net.state_dict()
        for name, average in self.net.state_dict().items():
            if not bool((average == mine[name]).all()):  # what is frozen stays as it is, to the last bit
                average.set_value(average * decay + mine[name] * (1 - decay))
