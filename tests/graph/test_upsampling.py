"""The mobile variant's upsampling as convolutions: the same pixels, at the edge too."""

import collections

import numpy as np
import pytest

from paddle_mfs.export.check import reference
from paddle_mfs.graph.nodes import Node, read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import EXACT, drop_detach, exact, rewrite
from paddle_mfs.graph.targets import BASIC, TARGETS, parse_targets
from paddle_mfs.graph.upsampling import (
    convolution_before_shuffle,
    fold_upsampling,
    join_reshapes,
    outputs_as_copies,
    pointwise_before_shuffle,
    shuffle_as_transposes,
    upsampling_as_transposed,
)
from paddle_mfs.utils.errors import UserError
from tests.conftest import difference
from tests.graph.conftest import run

FORMS = [(fold_upsampling, "shuffle"), (upsampling_as_transposed, "transposed")]
HALF = {"half_pixel": True, "ring": 1}


@pytest.fixture(scope="module")
def nodes(lively_mobile_idn):
    return read_idn(lively_mobile_idn)


@pytest.fixture(scope="module")
def wanted(lively_mobile_idn, lively_idn, picture):
    result, mask = reference(lively_mobile_idn, picture)
    assert np.abs(result - picture).mean() > 0.05 and 0.02 < mask.min() and mask.max() < 0.98
    aligned = reference(lively_idn, picture)  # the same weights, upsampled the other way
    assert difference(aligned, (result, mask)) > 0.01
    return result, mask


def test_nodes_are_the_network(nodes, picture, wanted):
    assert difference(run(nodes, picture), wanted) <= 1e-6


@pytest.mark.parametrize("form, kind", FORMS, ids=[kind for _, kind in FORMS])
def test_each_alone(form, kind, nodes, picture, wanted):
    kinds = collections.Counter(node.kind for node in form(nodes))
    assert kinds["upsample"] == 0 and kinds[kind] == 10
    assert difference(run(form(nodes), picture), wanted) <= 1e-6


#               rewrite                   how many nodes of each kind it adds or takes from the folded network
STEPS = [
    (pointwise_before_shuffle, {"reshape": 18}),  # two where a 1x1 convolution follows: not in the last block
    (convolution_before_shuffle, {}),
    (outputs_as_copies, {"concat": 10, "reshape": 10}),
    (shuffle_as_transposes, {"shuffle": -10, "transpose": 20, "reshape": 30}),
]


@pytest.mark.parametrize("one, changes", STEPS, ids=[one.__name__ for one, _ in STEPS])
def test_each_step_from_the_folded_form(one, changes, nodes, picture, wanted):
    folded = rewrite(nodes)
    if one is convolution_before_shuffle:
        folded = pointwise_before_shuffle(folded)  # before, a 1x1 convolution stands in between
    rewritten = one(folded)
    assert [node for node in rewritten if node not in folded], "it found nothing to do"
    before, after = (collections.Counter(node.kind for node in them) for them in (folded, rewritten))
    assert {kind: after[kind] - before[kind] for kind in after | before if after[kind] != before[kind]} == changes
    assert difference(run(rewritten, picture), wanted) <= 2e-6


def test_arm_has_depthwise_convolutions_and_basic_operators_alone(nodes):
    rewritten = rewrite(nodes, EXACT + BASIC)
    kinds = collections.Counter(node.kind for node in rewritten)
    assert kinds["transpose"] == 20 and kinds["reshape"] == 50 and not kinds["shuffle"]
    assert {
        len(node.settings["weight"]) for node in rewritten if node.kind == "conv" and node.settings["groups"] > 1
    } == {node.settings["groups"] for node in rewritten if node.kind == "conv" and node.settings["groups"] > 1}
    made_by = {node.output: node for node in rewritten}
    narrow = [made_by[node.inputs[0]].kind for node in rewritten if node.kind == "leaky_relu"]
    assert set(narrow) == {"conv"}, "every LeakyReLU stays with its convolution"


def test_transposes_shuffle_pixels():
    """Of a map that is not square, against Paddle's operator."""
    x = np.random.RandomState(0).rand(1, 12, 6, 10).astype("f")
    shuffle = [Node("shuffle", ("image",), "result")]
    transposed = shuffle_as_transposes(shuffle)
    assert join_reshapes(transposed) == transposed, "a transpose lies between all of them"
    both = [Program(nodes, x.shape).run(x, ["result"])[0] for nodes in (shuffle, transposed)]
    assert both[0].shape == (1, 3, 12, 20) and np.array_equal(*both)


@pytest.mark.parametrize("followed", [True, False], ids=["with a sigmoid", "alone"])
def test_a_convolution_to_one_channel_goes_before_the_shuffle(followed):
    rng = np.random.RandomState(2)
    weight, x = rng.randn(1, 2, 3, 3).astype("f"), rng.randn(1, 8, 5, 7).astype("f")
    conv = {"weight": weight, "bias": rng.randn(1).astype("f"), "stride": 1, "padding": 1, "groups": 1}
    nodes = [
        Node("shuffle", ("image",), "up"),
        Node("conv", ("up",), "one" if followed else "result", conv),
        *([Node("sigmoid", ("one",), "result")] if followed else []),
    ]
    rewritten = convolution_before_shuffle(nodes)
    assert [node.kind for node in rewritten] == ["conv", *(["sigmoid"] if followed else []), "shuffle"]
    ours, theirs = (Program(these, x.shape).run(x, ["result"])[0] for these in (rewritten, nodes))
    assert ours.shape == (1, 1, 10, 14) and difference([ours], [theirs]) <= 2e-6
    two = [node.changed(weight=np.repeat(weight, 2, 0), bias=None) if node.kind == "conv" else node for node in nodes]
    assert convolution_before_shuffle(two) == two


def test_a_widening_convolution_stays_behind_the_shuffle():
    def network(outputs):
        conv = {"weight": np.ones((outputs, 3, 1, 1), "f"), "bias": None, "stride": 1, "padding": 0, "groups": 1}
        return [
            Node("conv", ("image",), "wide", {**conv, "weight": np.ones((12, 3, 1, 1), "f")}),
            Node("shuffle", ("wide",), "up"),
            Node("conv", ("up",), "thin", conv),
            Node("leaky_relu", ("thin",), "result", {"slope": 0.1}),
        ]

    assert [node.kind for node in pointwise_before_shuffle(network(4))] == [node.kind for node in network(4)]
    assert [node.kind for node in pointwise_before_shuffle(network(2))][-1] == "shuffle"


@pytest.mark.parametrize(
    "passes",
    [passes for target in TARGETS.values() for passes in target.passes.values() if not target.not_mobile] + [EXACT],
)
def test_all_together(passes, nodes, picture, wanted):
    rewritten = rewrite(nodes, passes)
    assert difference(run(rewritten, picture), wanted) <= 2e-6
    assert not {"upsample", "norm", "detach", "tanh"} & {node.kind for node in rewritten}


@pytest.mark.parametrize("form, kind", FORMS, ids=[kind for _, kind in FORMS])
@pytest.mark.parametrize("biased", [False, True])
def test_one_block_against_paddles_own_half_pixel_upsampling(form, kind, biased):
    """Away from the edge, where the variant goes on with zeros, it is F.interpolate(align_corners=False)."""
    import paddle
    import paddle.nn.functional as F

    rng = np.random.RandomState(1)
    weight, bias, x = rng.randn(3, 1, 3, 3).astype("f"), rng.randn(3).astype("f"), rng.rand(1, 3, 10, 8).astype("f")
    conv = {"weight": weight, "bias": bias if biased else None, "stride": 1, "padding": 0, "groups": 3}
    block = [
        Node("upsample", ("image",), "up", HALF),
        Node("conv", ("up",), "result", conv),
        Node("sigmoid", ("result",), "mask"),
    ]
    ours = Program(form(block), x.shape).run(x, ["result"])[0]
    up = F.interpolate(paddle.to_tensor(x), scale_factor=2, mode="bilinear", align_corners=False)
    theirs = F.conv2d(
        up, paddle.to_tensor(weight), paddle.to_tensor(bias) if biased else None, padding=1, groups=3
    ).numpy()
    assert ours.shape == theirs.shape and difference([ours[..., 2:-2, 2:-2]], [theirs[..., 2:-2, 2:-2]]) <= 2e-6
    assert kind in {node.kind for node in form(block)}


def test_a_wrong_number_would_show(nodes, picture, wanted):
    for form, _ in FORMS:
        rewritten = form(nodes)
        wrong = [
            node.changed(weight=np.roll(node.settings["weight"], 1, 3))
            if "decoder.3.depthwise" in node.output and "weight" in node.settings
            else node
            for node in rewritten
        ]
        assert difference(run(wrong, picture), wanted) > 1e-4


def test_the_other_network_is_left_alone(lively_idn):
    aligned = drop_detach(read_idn(lively_idn))
    for form, _ in FORMS:
        assert form(aligned) == aligned
        assert rewrite(aligned, BASIC) == aligned
        assert [node.kind for node in rewrite(aligned, exact(form))] == [node.kind for node in rewrite(aligned)]


@pytest.mark.parametrize("target", ["npu", "nnapi"])
def test_drivers_are_refused_with_the_reason(target):
    with pytest.raises(UserError, match=f"target {target} with the mobile variant.*--upsampling aligned"):
        parse_targets(target, mobile=True)
    assert parse_targets("all", mobile=True) == ["arm", "gpu", "x86"]
