"""int8: convolutions become 8-bit kernels, little is lost, and what loses too much is refused."""

import dataclasses

import numpy as np
import pytest

from paddle_mfs.data.crops import Crops, save_crops
from paddle_mfs.export import int8
from paddle_mfs.export.census import census, kernels
from paddle_mfs.export.lite import export_lite
from paddle_mfs.export.quantise import error, layers_of, quantise
from paddle_mfs.export.sensitivity import leave_in_float, sensitivity, table
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS, parse_targets
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.crop import load_crop
from paddle_mfs.runtime.lite import optimise
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch

OUTER, INNER = "final.5", "encoder.3.pointwise"


@pytest.fixture(scope="module")
def faces(samples):
    """Two faces to calibrate with, two to measure on."""
    analyser, paths = FaceAnalyser(), sorted((samples / "faces").glob("*.jpg"))[:4]
    crops = [load_crop(path, analyser) for path in paths]
    return [crop.face for crop in crops]


@pytest.fixture(scope="module")
def images(faces):
    return to_batch([crop for crop, _ in faces])


@pytest.fixture(scope="module")
def nodes(swapper):
    return rewrite(read_idn(swapper.identity.idn), TARGETS["arm"].passes["int8"])


@pytest.fixture(scope="module")
def expected(nodes, images):
    """Results in fp32 of the two faces to measure on."""
    program = Program(nodes)
    return np.concatenate([program.run(image[None], ["result"])[0] for image in images[2:]])


@pytest.fixture(scope="module")
def quantiser(faces):
    """A Quantiser that calibrates with two faces and measures on two."""
    return int8.Quantiser(faces[0], faces[:2], faces[2:], "faces")


def who(swapper):
    return dataclasses.replace(swapper.identity, name="who")


def int8_operators(path):
    return [kernel.operator for kernel in kernels(path) if kernel.precision == "int8" and kernel.operator != "calib"]


def run(folder, images):
    runner = PaddleRunner(folder / "idn.pdmodel")
    return [runner(image[None])[0][0] for image in images]


def test_arm_convolves_in_int8(nodes, images, expected, tmp_path):
    quantise(nodes, tmp_path, images[:2])
    assert {path.name for path in tmp_path.iterdir()} == {"idn.pdmodel", "idn.pdiparams"}
    quality = psnr(np.mean(error(run(tmp_path, images[2:]), expected)))
    assert 35 <= quality < 60, "rounding to 8 bits leaves a trace, and not a large one"
    optimise(tmp_path / "idn.pdmodel", "arm", tmp_path / "arm.nb")
    counts = census(tmp_path / "arm.nb")
    assert (
        len(int8_operators(tmp_path / "arm.nb"))
        == 32
        == counts["kernels"]["conv2d"] + counts["kernels"]["depthwise_conv2d"]
    )
    assert counts["total"] <= 71 and counts["copies"] <= 14 and counts["kernels"]["leaky_relu"] == 1
    assert (tmp_path / "arm.nb").stat().st_size < 0.75e6
    [scale] = [kernel for kernel in kernels(tmp_path / "arm.nb")[:3] if kernel.operator == "scale"]
    assert scale.precision == "fp32", "2x - 1 stays in float"


def test_named_layers_stay_in_float(nodes, images, expected, tmp_path):
    layers = layers_of(nodes)
    quantise(nodes, tmp_path, images[:2], kept=[OUTER, INNER])
    optimise(tmp_path / "idn.pdmodel", "arm", tmp_path / "arm.nb")
    assert len(int8_operators(tmp_path / "arm.nb")) == len(layers) - 2
    quantise(nodes, tmp_path, images[:2], kept=layers)
    assert np.mean(error(run(tmp_path, images[2:]), expected)) < 1e-6, "nothing quantised, nothing lost"


def test_the_worst_layers_are_found_and_left_in_float(nodes, images, expected, tmp_path):
    found = sensitivity(nodes, images[:2], images[2:], expected, [OUTER, INNER])
    assert list(found) == [OUTER, INNER] and all(35 < value < 100 for value in found.values())
    assert found[OUTER] < found[INNER], "the last convolutions paint the pixels"
    both = psnr(np.mean(error(_quantised(nodes, images, tmp_path, ()), expected)))
    assert leave_in_float(nodes, tmp_path, images[:2], images[2:], expected, [OUTER, INNER], floor=both - 0.1) == []
    assert leave_in_float(nodes, tmp_path, images[:2], images[2:], expected, [OUTER, INNER], floor=both + 0.05) == [
        OUTER
    ]
    lines = table(found, [OUTER]).splitlines()
    assert lines[1].startswith(OUTER) and lines[1].endswith("left in float") and lines[2].startswith(INNER)


def _quantised(nodes, images, folder, kept):
    quantise(nodes, folder, images[:2], kept=kept)
    return run(folder, images[2:])


def test_npu_takes_everything_in_one_piece(swapper, quantiser, tmp_path):
    [(path, card)] = export_lite(who(swapper), tmp_path, ["npu"], "int8", quantise=quantiser)
    assert path.name == "who_npu_int8.nb" and card["census"]["subgraphs"] == 1 and card["census"]["cpu"] == 0
    assert card["census"]["total"] == 7 and card["census"]["kernels"]["calib"] == 3, (
        "the picture is rounded, then handed over; both results come back rounded and become float"
    )
    facts = card["int8"]
    assert (
        facts["calibration"] == {"method": "avg", "weights": "one scale a channel", "crops": 2}
        and not facts["kept_in_float"]
    )
    measured = facts["measured"]
    assert (
        35 <= measured["psnr_db"] < 60 and measured["psnr_worst_db"] <= measured["psnr_db"] and measured["crops"] == 2
    )
    assert "was not run" in measured["how"]
    teacher, ours = measured["psnr_to_teacher_db"], measured["distance_to_source"]
    assert 15 < teacher["int8"] < 40 and abs(teacher["fp32"] - teacher["int8"]) < 1
    assert ours["recogniser"] == "dlib_resnet" and 0.2 < ours["fp32"] < 0.7 and abs(ours["fp32"] - ours["int8"]) < 0.1


def test_too_much_loss_is_refused_and_nothing_is_left(swapper, quantiser, tmp_path, monkeypatch):
    monkeypatch.setattr(int8, "FLOOR", 60.0)
    with pytest.raises(UserError, match=r"faces: target npu in int8 reaches 3\d\.\d dB.*--calibration") as raised:
        export_lite(who(swapper), tmp_path, ["npu"], "int8", quantise=quantiser)
    assert "\n" not in str(raised.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("target, reason", [("gpu", "CPU"), ("nnapi", "drivers"), ("x86", "wrong pixels")])
def test_senseless_targets_are_refused_with_the_reason(target, reason):
    assert parse_targets("all", "int8") == ["arm", "npu"]
    with pytest.raises(UserError, match=f"target {target} with precision int8: .*{reason}") as raised:
        parse_targets(f"arm,{target}", "int8")
    assert "\n" not in str(raised.value)


def test_two_of_three_faces_calibrate(faces, tmp_path):
    crops, landmarks = (np.stack(parts) for parts in zip(*faces))
    save_crops(tmp_path / "two.npz", Crops(crops[:2], landmarks[:2, :, :2], list("ab")))
    with pytest.raises(UserError, match=r"two.npz: shows 2 faces, calibration needs 6"):
        int8.split_crops(tmp_path / "two.npz")
    twice = Crops(np.concatenate([crops] * 2), np.concatenate([landmarks] * 2)[..., :2], list("abcdefgh"))
    save_crops(tmp_path / "eight.npz", twice)
    calibration, measured = int8.split_crops(tmp_path / "eight.npz")
    assert len(calibration) == 6 and len(measured) == 2
    assert np.abs(measured[0][0].astype(int) - crops[2]).mean() < 3 and measured[0][1].shape == (468, 2)
