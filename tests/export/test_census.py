"""What each .nb is made of: the fusions took place, and nothing leaves the GPU or the NPU half way."""

import dataclasses
import json
import struct

import paddle
import pytest

from paddle_mfs.cli.export_lite import summary
from paddle_mfs.export import occlusion
from paddle_mfs.export.census import census, kernels
from paddle_mfs.export.lite import export_lite
from paddle_mfs.export.operators import BASIC, EXTRA_ON_ARM, is_extra
from paddle_mfs.export.paddle import save_program
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.models import create_model
from paddle_mfs.runtime.lite import optimise
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def files(swapper, tmp_path_factory):
    """target -> (path, card) of every fp32 .nb."""
    made = export_lite(swapper.identity, tmp_path_factory.mktemp("lite"), list(TARGETS))
    return {card["target"]: (path, card) for path, card in made}


@pytest.mark.parametrize("target", ["arm", "x86"])
def test_processors_run_few_kernels(files, target):
    counts = files[target][1]["census"]
    assert counts["total"] <= (56 if target == "arm" else 55) and counts["copies"] == counts["subgraphs"] == 0
    assert counts["kernels"]["conv2d"] == 18 and counts["kernels"]["depthwise_conv2d"] == 14
    assert (
        not {"reshape2", "batch_norm", "share_data", "tanh"} & set(counts["kernels"])
        and counts["kernels"]["leaky_relu"] == 1
    )


def test_every_file_runs_on_the_smaller_library(files):
    for _, card in files.values():
        assert card["census"]["extra"] == [] and card["census"]["needs_extra"] is False
        assert card["upsampling"] == "aligned"


def test_extra_operators_are_known():
    assert EXTRA_ON_ARM < BASIC
    assert is_extra("pixel_shuffle", "arm") and is_extra("share_data", "host") and is_extra("exp", "arm")
    assert not any(is_extra(name, "arm") for name in ("transpose2", "concat", "conv2d", "sigmoid"))
    assert not is_extra("depthwise_conv2d_transpose", "opencl") and is_extra("depthwise_conv2d_transpose", "arm")


def test_extra_operators_are_told(lively_mobile_idn, tmp_path):
    save_program(lively_mobile_idn, tmp_path)  # as Paddle runs it
    optimise(tmp_path / "idn.pdmodel", "arm", tmp_path / "arm.nb")
    counts = census(tmp_path / "arm.nb")
    assert counts["extra"] == ["pixel_shuffle"] and counts["needs_extra"] is True


class WithExtra(paddle.nn.Layer):
    """A network, and after it an operator that the smaller library lacks: the same result to rounding."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return paddle.exp(paddle.log(self.network(x)))


def test_the_segmenters_card_says_which_library_it_needs(monkeypatch, target, tmp_path):
    for kind, network in (("plain", lambda made: made), ("extra", WithExtra)):
        monkeypatch.setattr(occlusion, "create_model", lambda *words, **more: network(create_model(*words, **more)))
        [(path, card)] = occlusion.export_occlusion(tmp_path / kind, target, ["arm"])
        needed = ["exp", "log"] if kind == "extra" else []
        assert (card["census"]["extra"], card["census"]["needs_extra"]) == (needed, bool(needed))
        assert ("needs a Paddle-Lite with extra operators (exp, log)" in summary(card)) == bool(needed)
        assert json.loads(path.with_suffix(".json").read_text())["census"] == card["census"] == census(path)


@pytest.fixture(scope="module")
def phone(lively_mobile_idn, swapper, tmp_path_factory):
    """(target, precision) -> (path, card) of the mobile variant's .nb."""
    identity, folder = dataclasses.replace(swapper.identity, idn=lively_mobile_idn), tmp_path_factory.mktemp("phone")
    made = export_lite(identity, folder, ["arm", "gpu"]) + export_lite(identity, folder, ["arm"], "fp16")
    return {(card["target"], card["precision"]): (path, card) for path, card in made}


@pytest.mark.parametrize("kind, precision, total", [("arm", "fp32", 127), ("arm", "fp16", 129), ("gpu", "fp32", 49)])
def test_the_mobile_variant_needs_no_extra_operator(phone, kind, precision, total):
    path, card = phone[kind, precision]
    counts = card["census"]
    assert card["upsampling"] == "half-pixel" and not counts["needs_extra"] and counts["total"] <= total
    if kind == "arm":
        assert counts["kernels"]["depthwise_conv2d"] == 15 and counts["kernels"]["transpose2"] == 20
        assert {kernel.precision for kernel in kernels(path) if "conv2d" in kernel.operator} == {precision}
        assert counts["copies"] == (3 if precision == "fp16" else 0), "the input and the outputs alone are converted"
    else:
        assert counts["cpu"] == 0 and counts["kernels"]["conv2d_transpose"] == 10


def test_gpu_keeps_the_frame(files):
    counts = files["gpu"][1]["census"]
    assert counts["total"] <= 58 and counts["copies"] <= 6 and counts["cpu"] == 0
    assert {kernel.place for kernel in kernels(files["gpu"][0]) if kernel.operator not in ("feed", "fetch")} == {
        "opencl"
    }


@pytest.mark.parametrize("target", ["npu", "nnapi"])
def test_npu_takes_the_network_as_one_piece(files, target):
    counts = files[target][1]["census"]
    assert counts["subgraphs"] == 1 and counts["cpu"] == counts["copies"] == 0 and counts["total"] == 4


def test_kernels_come_in_order(files):
    found = kernels(files["arm"][0])
    assert (found[0].operator, found[-1].operator) == ("feed", "fetch") and len(found) == files["arm"][1]["census"][
        "total"
    ]
    assert found[1][:1] + found[1][2:] == ("scale", "arm", "fp32") and found[2].operator == "depthwise_conv2d"


def test_fp16_runs_in_half_precision(swapper, tmp_path):
    [(path, card)] = export_lite(swapper.identity, tmp_path, ["arm"], "fp16")
    assert path.name == "source_arm_fp16.nb" and card["precision"] == "fp16" and path.with_suffix(".json").is_file()
    convolutions = [kernel for kernel in kernels(path) if "conv2d" in kernel.operator]
    assert len(convolutions) == 33 and {kernel.precision for kernel in convolutions} == {"fp16"}
    assert card["census"]["total"] == 58 and card["census"]["copies"] == 3, (
        "conversions of the input and the outputs alone"
    )


def test_census_of_something_else(tmp_path):
    empty = struct.pack("<H16sQ", 2, b"v2.13", 8) + b"\0" * 8
    for name, data in (("short", b"\x02"), ("other", b"PK" + b"\0" * 40), ("empty", empty)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError, match=name):
            census(tmp_path / name)
