"""Conversion of networks given as numbers: folding, order, the whole tool, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mfs.convert import precision
from paddle_mfs.convert.convert import convert_generator, convert_network, write_generator
from paddle_mfs.convert.graph import named_parameters, parameters_in_order, read_arrays, read_graph
from paddle_mfs.convert.networks import NETWORKS
from paddle_mfs.models import create_model
from paddle_mfs.models.squeezenet import FIRES, POOL_AFTER
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, load_state, read_card, sha256

ROOT = Path(__file__).parents[2]


def node(op, ins, out, **attrs):
    return {"op": op, "attrs": attrs, "ins": ins, "outs": [out]}


def write_folder(folder, nodes, outputs, arrays):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.json").write_text(json.dumps({"inputs": ["input"], "outputs": outputs, "nodes": nodes}))
    np.savez(folder / "weights.npz", **arrays)
    return folder


def squeezenet_folder(folder):
    """A folder with random weights in SqueezeNet's shape, as `percep-squeezenet1_0` is; those weights by our names."""
    rng, nodes, arrays, named = np.random.default_rng(5), [], {}, {}

    def convolution(x, out, source, name, shape):
        weight = (rng.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5).astype(np.float32)
        arrays[f"{source}_w"] = named[f"{name}.weight"] = weight
        arrays[f"{source}_b"] = named[f"{name}.bias"] = rng.standard_normal(shape[0]).astype(np.float32)
        nodes.append(node("Conv", [x, f"{source}_w", f"{source}_b"], f"{out}_pre"))
        nodes.append(node("Relu", [f"{out}_pre"], out))
        return out

    x, channels = convolution("input", "conv1_o", "conv1", "conv1", (96, 3, 7, 7)), 96
    nodes.append(node("MaxPool", [x], "pool1_o"))
    x = "pool1_o"
    for name, squeeze, one, three in FIRES:
        squeezed = convolution(x, f"{name}_s", f"{name}/s", f"{name}.squeeze", (squeeze, channels, 1, 1))
        wide = [
            convolution(squeezed, f"{name}_{k}", f"{name}/{k}", f"{name}.expand{k}x{k}", (count, squeeze, k, k))
            for k, count in ((1, one), (3, three))
        ]
        nodes.append(node("Concat", wide, f"{name}_concat_o", axis=1))
        x, channels = f"{name}_concat_o", one + three
        if name in POOL_AFTER:
            nodes.append(node("MaxPool", [x], f"{name}_pool"))
            x = f"{name}_pool"
    convolution(x, "logits", "last", "last", (10, channels, 1, 1))
    named = {name: value for name, value in named.items() if not name.startswith("last")}
    return write_folder(folder, nodes, ["logits"], arrays), named


def run_tool(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "convert_weights.py", *map(str, arguments)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )


def test_affine_layers_are_folded_and_slopes_doubled(tmp_path):
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
    folder = write_folder(tmp_path, nodes, ["out"], arrays)
    weight, bias, first, second, matrix = parameters_in_order(read_graph(folder), read_arrays(folder))
    np.testing.assert_array_equal(first, np.full(4, 0.25, np.float32))
    np.testing.assert_array_equal(second, np.full(4, 0.3, np.float32))
    np.testing.assert_array_equal(matrix, arrays["m"])
    x = paddle.randn([1, 3, 8, 8])
    plain = paddle.nn.functional.conv2d(x, paddle.to_tensor(arrays["w"]))
    plain = plain * paddle.to_tensor(arrays["scale"]) + paddle.to_tensor(arrays["shift"])
    folded = paddle.nn.functional.conv2d(x, paddle.to_tensor(weight), paddle.to_tensor(bias))
    np.testing.assert_allclose(folded, plain, rtol=1e-4, atol=1e-4)


def test_interleaved_branches_come_one_after_the_other(tmp_path):
    arrays = {f"w{i}": np.full((1, 1, 1, 1), i, np.float32) for i in range(5)}
    nodes = [
        node("Conv", ["input", "w0"], "trunk"),
        node("Conv", ["trunk", "w3"], "right"),
        node("Conv", ["trunk", "w1"], "left"),
        node("Conv", ["right", "w4"], "b"),
        node("Conv", ["left", "w2"], "a"),
    ]
    folder = write_folder(tmp_path, nodes, ["a", "b"], arrays)
    found = parameters_in_order(read_graph(folder), read_arrays(folder))[::2]
    assert [int(value.item()) for value in found] == [0, 1, 2, 3, 4]
    assert len(parameters_in_order(read_graph(folder), read_arrays(folder), ["a"])) == 6


def test_another_network_is_refused_by_the_first_difference():
    with pytest.raises(UserError, match="second needs shape"):
        named_parameters({"first": (2,), "second": (3,)}, [np.zeros(2), np.zeros(4)], "folder")
    with pytest.raises(UserError, match="2 parameters needed, the graph has 1"):
        named_parameters({"first": (2,), "second": (3,)}, [np.zeros(2)], "folder")


def test_tool_converts_a_folder(tmp_path):
    folder, named = squeezenet_folder(tmp_path / "in" / NETWORKS["squeezenet"].folder)
    done = run_tool("--from", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "out" / "squeezenet.pdparams"
    assert str(path) in done.stdout + done.stderr
    card, read = read_card(path), load_state(path)
    assert card["stored_as"] == "float16" and card["sha256"] == sha256(path) and card["licence"] == "BSD-2-Clause"
    assert 0 < card["verified"]["float16_against_float32"]["feature_relative"] < 2e-3
    assert read.keys() == named.keys()
    for name, value in named.items():
        np.testing.assert_allclose(read[name], value, rtol=1e-3, atol=1e-6)
    assert create_model("squeezenet", weights=path, taps=("fire9",)).fire9.squeeze.weight.shape == [64, 512, 1, 1]
    assert sorted(p.name for p in path.parent.iterdir()) == ["squeezenet.json", "squeezenet.pdparams"]


def test_float32_is_kept_on_request_and_when_float16_costs_too_much(tmp_path, monkeypatch):
    folder, named = squeezenet_folder(tmp_path / "network")
    path, card = convert_network("squeezenet", folder, tmp_path, half=False)
    assert card["stored_as"] == "float32"
    assert all(np.array_equal(value, named[name]) for name, value in load_state(path).items())
    monkeypatch.setitem(precision.LIMITS, "squeezenet", {"feature_relative": 1e-9})
    assert convert_network("squeezenet", folder, tmp_path)[1]["stored_as"] == "float32"


def test_float16_numbers_are_stored_without_a_measurement(tmp_path):
    layer = create_model("blazeface", weights="bundled")
    state = {name: value.numpy() for name, value in layer.state_dict().items()}
    nothing_lost, facts = precision.half_cost("blazeface", layer, state, faces=None)
    assert nothing_lost and facts["float16"].startswith("exact")


def test_generator_keeps_its_names(tmp_path):
    arrays = {"predictor.base_enc.0": np.full((3, 4, 4), 0.1, np.float16), "final.7.bias": np.zeros(3, np.float16)}
    (tmp_path / "mfs_v0").mkdir()
    np.savez(tmp_path / "mfs_v0" / "weights.npz", **arrays)
    path, card = convert_generator(tmp_path, tmp_path / "out")
    assert (
        card["stored_as"] == "float16" and card["parameters"] == 51 and "earlier measurement" in card["scores"]["note"]
    )
    read = load_state(path)
    assert read.keys() == arrays.keys()
    assert all(np.array_equal(read[name], value.astype(np.float32)) for name, value in arrays.items())


def test_a_generator_without_its_story_is_refused(tmp_path):
    with pytest.raises(UserError, match="scores"):
        write_generator(tmp_path / "x.pdparams", {"a": np.zeros(1)}, {"origin": "here", "made": "now"})
    assert not list(tmp_path.iterdir())


def test_bundled_generator_is_described():
    card = read_card(bundled("mfs_224"))
    assert card["sha256"] == sha256(bundled("mfs_224"))
    assert "non-commercial" in card["licence"] and "FFHQ" in card["licence_note"]
    assert card["scores"] and card["origin"] and card["made"]
    assert card["parameters"] == sum(value.size for value in load_state(bundled("mfs_224")).values())


@pytest.mark.parametrize("name", NETWORKS)
def test_check_faces_become_each_networks_input(name):
    faces = precision.read_faces()
    x = precision.network_input(name, faces[:1])
    assert faces.shape == (4, 224, 224, 3) and x.dtype == np.float32 and x.shape[:2] == (1, 3)
    low, high = {"mobilefacenet": (-1, 1), "blazeface": (-1, 1), "facemesh": (0, 1), "squeezenet": (0, 1)}.get(
        name, (0, 255)
    )
    assert low <= x.min() < low + 0.2 * (high - low) and low + 0.8 * (high - low) < x.max() <= high


def damaged(folder, case):
    if case == "no graph":
        (folder / "graph.json").unlink()
    elif case == "no weights":
        (folder / "weights.npz").unlink()
    elif case == "truncated weights":
        content = (folder / "weights.npz").read_bytes()
        (folder / "weights.npz").write_bytes(content[: len(content) // 2])
    elif case == "text graph":
        (folder / "graph.json").write_text("not found")
    elif case == "list graph":
        (folder / "graph.json").write_text("[1, 2]")
    elif case == "array missing":
        arrays = dict(np.load(folder / "weights.npz"))
        arrays.pop("conv1_w")
        np.savez(folder / "weights.npz", **arrays)
    return folder


@pytest.mark.parametrize(
    "case, words",
    [
        ("no graph", "graph.json: not found"),
        ("no weights", "weights.npz: not found"),
        ("truncated weights", "weights.npz: not a readable npz"),
        ("text graph", "not a readable graph"),
        ("list graph", "not a graph"),
        ("array missing", "no array named 'conv1_w'"),
    ],
)
def test_damaged_folders_are_refused_in_one_line(tmp_path, case, words):
    folder = damaged(squeezenet_folder(tmp_path / "network")[0], case)
    with pytest.raises(UserError) as caught:
        convert_network("squeezenet", folder, tmp_path / "out")
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_weights_of_another_network_are_refused(tmp_path):
    folder, _ = squeezenet_folder(tmp_path / "network")
    with pytest.raises(UserError, match="another network; stem.weight needs shape"):
        convert_network("blazeface", folder, tmp_path / "out")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["facemash", "--from", "{}"], "did you mean facemesh"),
        (["--from", "{}/none"], "no such folder"),
        (["--from", "{}"], "holds no folder of a known network"),
        (["facemesh", "--from", "{}"], "lm-mediapipe_facemesh468: no such folder"),
    ],
)
def test_tool_says_what_is_wrong_in_one_line(tmp_path, arguments, words):
    done = run_tool(*(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and words in line and "Traceback" not in done.stderr


def test_help_has_examples():
    done = run_tool("--help")
    assert done.returncode == 0 and "examples:" in done.stdout and "percep-squeezenet1_0" in done.stdout
