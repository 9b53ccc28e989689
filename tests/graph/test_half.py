"""Half precision as ARM's kernels compute: where their rounding shows, and near to the network where it should not."""

import numpy as np
import pytest

from paddle_mfs.graph.half import half, run_half
from paddle_mfs.graph.nodes import Node, read_idn
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from tests.conftest import difference
from tests.graph.conftest import run


def pointwise(weight, bias=None):
    weight = np.asarray(weight, np.float32).reshape(1, -1, 1, 1)
    return Node("conv", ("image",), "y", {"weight": weight, "bias": bias, "stride": 1, "padding": 0, "groups": 1})


def test_sums_stop_where_float16_does():
    """From 2048 on a float16 cannot count by ones."""
    [y] = run_half([pointwise(np.ones(3000))], np.ones((1, 3000, 2, 3), np.float32), ["y"])
    assert y.shape == (1, 1, 2, 3) and (y == 2048).all()


def test_a_product_is_not_rounded_before_it_is_added():
    small = 1 + 2.0**-10  # 1.0009765625^2 - 1.001953125 = 2^-20, which a rounded product would lose
    [y] = run_half([pointwise([small], np.array([-1 - 2.0**-9], "f"))], np.full((1, 1, 1, 1), small, "f"), ["y"])
    assert y == 2.0**-20


def test_too_large_is_infinite():
    [y] = run_half([pointwise([300])], np.full((1, 1, 1, 1), 300, np.float32), ["y"])
    assert np.isinf(y).all()


def test_sigmoid_and_upsampling_are_near():
    x = np.linspace(-9, 9, 3 * 8 * 8).astype("f").reshape(1, 3, 8, 8)
    [y] = run_half([Node("sigmoid", ("image",), "y")], x, ["y"])
    assert 1e-5 < np.abs(y - 1 / (1 + np.exp(-half(x)))).max() < 2e-3 and np.array_equal(y, half(y))
    nodes = [
        Node("upsample", ("image",), "result", {"half_pixel": False, "ring": 0}),
        Node("sigmoid", ("image",), "mask"),
    ]
    ours, theirs = run_half(nodes, x)[0], run(nodes, x)[0]
    assert ours.shape == theirs.shape and 0 < difference([ours], [theirs]) <= 2 * 2.0**-7  # two steps of 8 and more


@pytest.mark.parametrize("name", ["lively_idn", "lively_mobile_idn"])
def test_the_network_is_near_and_not_the_same(name, picture, request):
    nodes = rewrite(read_idn(request.getfixturevalue(name)), TARGETS["arm"].passes["fp16"])
    ours, theirs = run_half(nodes, picture), run(nodes, picture)
    assert 2e-4 < difference(ours, theirs) < 2e-2
    assert all(np.array_equal(value, half(value)) for value in ours)
