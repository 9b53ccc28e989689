"""Programs for opt: fused, from basic operators, the same numbers."""

import numpy as np
import paddle
import paddle.nn as nn
import pytest

from paddle_mfs.export.census import census
from paddle_mfs.ops.layers import Conv2D, FrozenPReLU, plain_operators
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise
from paddle_mfs.runtime.fusible import save_fusible
from paddle_mfs.runtime.lite import LiteRunner, optimise


class Two(nn.Layer):
    """Two pictures in; 'SAME' padding of both strides, of which stride 2 pads less before than after."""

    def __init__(self):
        super().__init__()
        paddle.seed(3)
        self.first, self.second = SameConv2D(3, 8, 5, 2), SameDepthwise(8, 3, 2)
        self.third, self.act, self.last = SameDepthwise(8, 3), FrozenPReLU(8), Conv2D(8, 4, 1)
        self.constants = nn.ParameterList([self.create_parameter([1, 4, 8, 8])])

    def forward(self, x, y):
        z = self.act(self.third(self.second(self.first(x))))
        return self.last(z) + self.constants[0], y * 2


@pytest.fixture(scope="module")
def layer():
    made = Two()
    made.eval()
    for parameter in made.parameters():
        parameter.set_value(paddle.uniform(parameter.shape, min=-0.5, max=0.5))
    return made


@pytest.fixture(scope="module")
def inputs():
    rng = np.random.RandomState(0)
    return rng.rand(1, 3, 32, 32).astype(np.float32), rng.rand(1, 5).astype(np.float32)


@pytest.fixture(scope="module")
def program(layer, inputs, tmp_path_factory):
    shapes = {"x": inputs[0].shape, "y": inputs[1].shape}
    return save_fusible(layer, shapes, tmp_path_factory.mktemp("program"), "two")


def wanted(layer, inputs):
    with paddle.no_grad(), plain_operators():
        return [value.numpy() for value in layer(*map(paddle.to_tensor, inputs))]


def test_the_same_numbers_from_a_file_and_from_its_bytes(layer, inputs, program, tmp_path):
    expected = wanted(layer, inputs)
    optimise(program, "x86", tmp_path / "two.nb")
    for model in (tmp_path / "two.nb", (tmp_path / "two.nb").read_bytes()):
        outputs = LiteRunner(model)(*inputs)
        assert [output.shape for output in outputs] == [value.shape for value in expected]
        assert max(np.abs(output - value).max() for output, value in zip(outputs, expected)) < 1e-5
    counted = census(tmp_path / "two.nb")
    kernels = counted["kernels"]
    assert kernels["conv2d"] == 2 and kernels["depthwise_conv2d"] == 2 and not counted["extra"]
    assert not {"pad3d", "pad2d", "reshape2"} & set(kernels), kernels


@pytest.mark.parametrize("weights, least, most", [("int16", 1e-7, 1e-3), ("int8", 1e-4, 0.1)])
def test_smaller_weights(layer, inputs, program, tmp_path, weights, least, most):
    optimise(program, "x86", tmp_path / "two.nb", weights=weights)
    difference = np.abs(LiteRunner(tmp_path / "two.nb")(*inputs)[0] - wanted(layer, inputs)[0]).max()
    assert least < difference < most


def test_the_same_program_gives_the_same_file(program, tmp_path):
    for name in ("a.nb", "b.nb"):
        optimise(program, "arm", tmp_path / name)
    assert (tmp_path / "a.nb").read_bytes() == (tmp_path / "b.nb").read_bytes()
