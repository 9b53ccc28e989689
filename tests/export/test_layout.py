"""Where predicted weights stand in a rewritten graph."""

import numpy as np
import pytest

from paddle_mfs.export.layout import is_predicted, layout, with_weights
from paddle_mfs.graph.nodes import chains, read_idn
from paddle_mfs.graph.rewrites import EXACT, depthwise_4x4_as_5x5, rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def nodes(lively_idn):
    return read_idn(lively_idn)


def check(nodes, passes):
    """The parts, after they were shown to make the rewritten graph of other weights than those they were found with."""
    parts, rng = layout(nodes, passes), np.random.RandomState(7)
    other = {
        node.output: rng.normal(size=node.settings["weight"].shape).astype(np.float32)
        for node in nodes
        if is_predicted(node)
    }
    made = {node.output: node.settings for node in rewrite(with_weights(nodes, other), passes)}
    assert len(other) == len({part.layer for part in parts}) == 18
    for part in parts:
        weight = made[part.node]["weight"]
        assert weight.shape == part.shape and weight.size == part.count
        assert np.abs(part.weight(other[part.layer]) - weight).max() < 1e-6, part.node
    return parts


def test_arm(nodes):
    parts = check(nodes, TARGETS["arm"].passes["fp32"])
    grown = [part for part in parts if part.maps is not None]
    assert [part.shape[2:] for part in grown] == [(5, 5)] * 5 and grown[0].maps.shape == (1, 16, 25)
    assert grown[0].maps.sum() == 16


@pytest.mark.parametrize("target", ["arm", "gpu"])
def test_the_mobile_variant(lively_mobile_idn, target):
    parts = check(read_idn(lively_mobile_idn), TARGETS[target].passes["fp32"])
    shapes = {part.node: part.maps.shape for part in parts if part.layer == "decoder.0.depthwise"}
    assert list(shapes.values()) == [{"arm": (4, 9, 9), "gpu": (1, 9, 36)}[target]]


def test_the_same_kernel_of_all_channels_together(lively_mobile_idn):
    def sorted_by_kernel(nodes):
        def changed(node):
            if not node.output.endswith("depthwise.low"):
                return node
            weight = node.settings["weight"]
            return node.changed(weight=weight.reshape(-1, 4, 9).transpose(1, 0, 2).reshape(weight.shape))

        return [changed(node) for node in nodes]

    parts = check(read_idn(lively_mobile_idn), (*EXACT, sorted_by_kernel))
    assert [part.kernels_first for part in parts if part.maps is not None] == [False] * 4


def test_one_layer_in_two_convolutions(nodes):
    def twice(nodes):
        [first] = [node for node in nodes if node.output == "encoder.0.depthwise"]
        return [first.changed(output="again"), *nodes]

    parts = check(nodes, (twice, depthwise_4x4_as_5x5))
    assert [part.layer for part in parts].count("encoder.0.depthwise") == 2


def mixes_channels(nodes):
    return [
        node.changed(weight=np.cumsum(node.settings["weight"], 0)) if node.output == "encoder.1.depthwise" else node
        for node in nodes
    ]


def is_not_linear(nodes):
    return [
        node.changed(weight=node.settings["weight"] ** 2) if node.output == "encoder.1.depthwise" else node
        for node in nodes
    ]


def joins_layers(nodes):
    [(first, second)] = [pair for pair in chains(nodes, "conv", "conv") if pair[0].output == "encoder.2.depthwise"]
    scaled = second.changed(weight=second.settings["weight"] * first.settings["weight"].mean())
    return [scaled if node is second else node for node in nodes]


def drops_one(nodes):
    return [node for node in nodes if node.output != "decoder.1.pointwise"]


@pytest.mark.parametrize("wrong", [mixes_channels, is_not_linear, joins_layers, drops_one])
def test_what_cannot_be_patched_is_refused(nodes, wrong):
    with pytest.raises(UserError, match="cannot be patched"):
        layout(nodes, (wrong,))
