"""The average of the weights over the steps."""

import paddle
import pytest

from paddle_mfs.engine.ema import WeightAverage


def network(value):
    net = paddle.nn.Linear(1, 1)
    net.weight.set_value(paddle.full([1, 1], value))
    return net


def weights_after(values, decay, every=1):
    """The averaged weight after each step, with these in training; it began at 0."""
    average, after = WeightAverage(network(0.0), decay, every), []
    for step, value in enumerate(values, 1):
        average.update(network(value), step)
        after.append(float(average.net.weight))
    return after


def test_it_is_short_sighted_at_first():
    """decay = step / (step + 10) until the one given is smaller."""
    first, second = 1 - 1 / 11, 1 - 1 / 11 * 2 / 12
    assert weights_after([1.0, 1.0], 0.999) == pytest.approx([first, second], abs=1e-6)


def test_then_it_decays_as_told():
    after = weights_after([1.0] * 30, 0.5)
    assert after[-1] == pytest.approx(1 - (1 - after[9]) * 0.5**20, abs=1e-6)
    assert 1 - after[9] < 0.5**9  # 10 / (10 + 10) is 0.5, before that it is less


def test_every_third_step_decays_by_three():
    after = weights_after([1.0] * 6, 0.5, every=3)
    assert after[:2] == [0, 0] and after[2:5] == [after[2]] * 3
    assert after[5] == pytest.approx(1 - (1 - after[2]) * 0.5**3, abs=1e-6)


def test_the_network_in_training_is_left_alone():
    net = network(1.0)
    average = WeightAverage(net, 0.5, 1)
    average.update(network(3.0), 100)
    assert float(net.weight) == 1 and float(average.net.weight) == pytest.approx(2) and not average.net.training
