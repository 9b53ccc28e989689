"""Parameters of a graph in a Layer's order and form: folding, slopes, branches."""

import numpy as np
import paddle
import pytest

from paddle_mfs.convert.graph import Graph, Node, named_parameters, parameters_in_order
from paddle_mfs.utils.errors import UserError


def node(op, inputs, output):
    return Node(op, tuple(inputs), (output,))


def test_affine_layers_are_folded_and_slopes_doubled():
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.standard_normal((4, 3, 3, 3)),
        "scale": rng.uniform(1, 2, (4, 1, 1)),
        "shift": rng.standard_normal((4, 1, 1)),
        "c": np.full((4, 1, 1), 0.125),
        "mean": np.ones((3, 1, 1)),
        "slopes": np.full((4, 1, 1), 0.3),
        "m": rng.standard_normal((4, 2)),
    }
    arrays = {key: value.astype(np.float32) for key, value in arrays.items()}
    nodes = [
        node("Sub", ["input", "mean"], "centred"),
        node("Conv", ["centred", "w"], "conv"),
        node("Mul", ["conv", "scale"], "scaled"),
        node("Add", ["scaled", "shift"], "y"),
        node("Relu", ["y"], "positive"),
        node("Abs", ["y"], "abs"),
        node("Sub", ["y", "abs"], "negative2"),
        node("Mul", ["c", "negative2"], "negative"),
        node("Add", ["positive", "negative"], "z"),
        node("PRelu", ["z", "slopes"], "p"),
        node("GlobalAveragePool", ["p"], "g"),
        node("MatMul", ["g", "m"], "out"),
    ]
    weight, bias, first, second, matrix = parameters_in_order(Graph(nodes, ["out"], arrays, "file"))
    np.testing.assert_array_equal(first, np.full(4, 0.25, np.float32))
    np.testing.assert_array_equal(second, np.full(4, 0.3, np.float32))
    np.testing.assert_array_equal(matrix, arrays["m"])
    x = paddle.randn([1, 3, 8, 8])
    plain = paddle.nn.functional.conv2d(x, paddle.to_tensor(arrays["w"]))
    plain = plain * paddle.to_tensor(arrays["scale"]) + paddle.to_tensor(arrays["shift"])
    folded = paddle.nn.functional.conv2d(x, paddle.to_tensor(weight), paddle.to_tensor(bias))
    np.testing.assert_allclose(folded, plain, rtol=1e-4, atol=1e-4)


def test_interleaved_branches_come_one_after_the_other():
    arrays = {f"w{i}": np.full((1, 1, 1, 1), i, np.float32) for i in range(5)}
    nodes = [
        node("Conv", ["input", "w0"], "trunk"),
        node("Conv", ["trunk", "w3"], "right"),
        node("Conv", ["trunk", "w1"], "left"),
        node("Conv", ["right", "w4"], "b"),
        node("Conv", ["left", "w2"], "a"),
    ]
    graph = Graph(nodes, ["a", "b"], arrays, "file")
    assert [int(value.item()) for value in parameters_in_order(graph)[::2]] == [0, 1, 2, 3, 4]
    assert len(parameters_in_order(graph, ["a"])) == 6


def test_a_missing_constant_is_named():
    with pytest.raises(UserError, match="file: has no numbers for 'w'"):
        parameters_in_order(Graph([node("Conv", ["input", "w"], "out")], ["out"], {}, "file"))


def test_another_network_is_refused_by_the_first_difference():
    with pytest.raises(UserError, match="second needs shape"):
        named_parameters({"first": (2,), "second": (3,)}, [np.zeros(2), np.zeros(4)], "file")
    with pytest.raises(UserError, match="2 parameters needed, it has 1"):
        named_parameters({"first": (2,), "second": (3,)}, [np.zeros(2)], "file")
