"""Every rewrite leaves the pixels where they were, on weights where a mistake would show."""

import collections

import numpy as np
import pytest

from paddle_mfs.export.check import reference
from paddle_mfs.graph.nodes import Node, chains, read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import (
    EXACT,
    blend_once,
    centre_input,
    depthwise_4x4_as_5x5,
    drop_detach,
    fold_depthwise_bias,
    fold_norms,
    image_as_sigmoid,
    leaky_relu_as_relu,
    leaky_relu_in_depthwise,
    mask_for_each_colour,
    pointwise_before_upsample,
    rewrite,
    share_upsampling,
)
from tests.conftest import difference
from tests.graph.conftest import run

TOLERANCE = 1e-6
#            rewrite                     how many nodes of each kind it adds or takes from the IDN
CHANGES = [
    (drop_detach, {"detach": -1}),
    (pointwise_before_upsample, {}),
    (fold_norms, {"norm": -6}),
    (fold_depthwise_bias, {}),
    (image_as_sigmoid, {"tanh": -1, "scale": -1, "sigmoid": 1}),
    (blend_once, {"scale": -1, "multiply": -1, "subtract": 1}),
    (leaky_relu_as_relu, {"leaky_relu": -16, "relu": 16, "scale": 32, "add": 16}),
    (leaky_relu_in_depthwise, {"conv": 1}),
    (mask_for_each_colour, {"concat": 1}),
    (centre_input, {}),
    (depthwise_4x4_as_5x5, {}),
]


@pytest.fixture(scope="module")
def nodes(lively_idn):
    return read_idn(lively_idn)


@pytest.fixture(scope="module")
def wanted(lively_idn, picture):
    """What dygraph makes of the picture; it must be something, or the comparisons below say nothing."""
    result, mask = reference(lively_idn, picture)
    assert np.abs(result - picture).mean() > 0.05 and 0.02 < mask.min() and mask.max() < 0.98 and mask.std() > 0.005
    return result, mask


def test_nodes_are_the_network(nodes, picture, wanted):
    assert difference(run(nodes, picture), wanted) <= TOLERANCE


@pytest.mark.parametrize("one, changes", CHANGES, ids=[one.__name__ for one, _ in CHANGES])
def test_each_alone(one, changes, nodes, picture, wanted):
    if one is leaky_relu_in_depthwise:
        nodes = rewrite(nodes)  # before, a batch norm stands in between
    rewritten = one(nodes)
    before, after = (collections.Counter(node.kind for node in them) for them in (nodes, rewritten))
    assert {kind: after[kind] - before[kind] for kind in before | after if after[kind] != before[kind]} == changes
    assert [node for node in rewritten if node not in nodes], "it found nothing to do"
    assert difference(run(rewritten, picture), wanted) <= TOLERANCE


def test_the_bottleneck_is_upsampled_once(nodes, picture, wanted):
    shared = share_upsampling(drop_detach(nodes))
    assert sum(node.kind == "upsample" for node in nodes) - sum(node.kind == "upsample" for node in shared) == 1
    assert difference(run(shared, picture), wanted) <= TOLERANCE


@pytest.mark.parametrize(
    "added",
    [(), (leaky_relu_as_relu,), (depthwise_4x4_as_5x5,), (leaky_relu_in_depthwise,)],
    ids=["exact", "npu", "arm", "arm fp16"],
)
def test_all_together(added, nodes, picture, wanted):
    rewritten = rewrite(nodes, EXACT + added)
    assert difference(run(rewritten, picture), wanted) <= 2 * TOLERANCE
    assert not {"detach", "norm", "tanh"} & {node.kind for node in rewritten}
    assert difference(run(nodes, picture), wanted) <= TOLERANCE, "the nodes it was given are left as they were"


@pytest.mark.parametrize("kind", ["weight", "bias"])
def test_a_wrong_number_would_show(kind, nodes, picture, wanted):
    wrong = [
        node.changed(**{kind: node.settings[kind] + 1e-3}) if node.output == "mask.1.depthwise" else node
        for node in nodes
    ]
    assert difference(run(wrong, picture), wanted) > 5 * TOLERANCE


def test_depthwise_biases_are_gone(nodes):
    """Once folded, a separable convolution has one bias left, no upsampling feeds a batch norm or a narrowing 1x1."""
    biased = [node for node in rewrite(nodes) if node.kind == "conv" and node.settings["bias"] is not None]
    assert len(biased) == 18 and all(node.settings["groups"] == 1 for node in biased)
    assert (
        sum(node.settings["weight"].shape[2:] == (5, 5) for node in depthwise_4x4_as_5x5(nodes) if node.kind == "conv")
        == 5
    )


@pytest.mark.parametrize("outputs, moves", [(2, True), (3, True), (4, False)])
def test_pointwise_passes_an_upsampling_unless_it_widens(outputs, moves, picture):
    rng = np.random.RandomState(outputs)
    weight, bias = rng.randn(outputs, 3, 1, 1).astype("f"), rng.randn(outputs).astype("f")
    conv = {"weight": weight, "bias": bias, "stride": 1, "padding": 0, "groups": 1}
    nodes = [
        Node("upsample", ("image",), "up", {"half_pixel": False, "ring": 0}),
        Node("conv", ("up",), "result", conv),
        Node("sigmoid", ("result",), "mask"),
    ]
    rewritten = pointwise_before_upsample(nodes)
    assert [node.kind for node in rewritten] == (
        ["conv", "upsample", "sigmoid"] if moves else ["upsample", "conv", "sigmoid"]
    )
    assert difference(run(rewritten, picture), run(nodes, picture)) <= TOLERANCE


def test_a_value_read_twice_is_no_chain():
    conv = Node("conv", ("image",), "a")
    both = [conv, Node("norm", ("a",), "b"), Node("add", ("a", "b"), "result")]
    assert not chains(both, "conv", "norm") and len(chains(both[:2], "conv", "norm")) == 1


def test_dygraph_goes_on_after_a_program(lively_idn, picture, wanted):
    import paddle

    Program(rewrite(read_idn(lively_idn)), picture.shape)
    assert paddle.in_dynamic_mode() and difference(reference(lively_idn, picture), wanted) == 0
