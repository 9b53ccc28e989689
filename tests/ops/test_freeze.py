"""A frozen network does not move, and gradients still pass through it."""

import paddle
import paddle.nn as nn

from paddle_mfs.ops.freeze import freeze


def test_nothing_of_a_frozen_network_moves_and_gradients_pass():
    paddle.seed(0)
    layer = nn.Sequential(nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.Dropout(0.5))
    assert freeze(layer) is layer
    before = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    x = paddle.rand([2, 3, 8, 8])
    x.stop_gradient = False
    first, second = layer(x), layer(x)
    first.square().sum().backward()
    assert float(x.grad.abs().sum()) > 0
    assert (first.numpy() == second.numpy()).all()  # no dropout
    for name, value in layer.state_dict().items():  # the statistics of the batch norm too
        assert (value.numpy() == before[name]).all()
    assert all(parameter.stop_gradient and parameter.grad is None for parameter in layer.parameters())
