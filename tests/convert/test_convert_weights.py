"""Conversion as a whole: what the command writes, what it stores as float16, and what it refuses."""

import numpy as np
import pytest

from paddle_mfs.cli import convert_weights as command
from paddle_mfs.convert import precision
from paddle_mfs.convert.deep_compression import CLASSES
from paddle_mfs.convert.fixed import convert_network
from paddle_mfs.convert.generator import convert_generator, write_generator
from paddle_mfs.convert.networks import NETWORKS
from paddle_mfs.models import create_model
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, load_state, read_card, save_state, sha256, write_card
from tests.convert.test_deep_compression import compress, sparse_layers
from tests.convert.test_tflite import small_network

COSTS = ("largest_difference_in_a_pixel_of_0_to_1", "mean_difference")


@pytest.fixture(scope="module")
def compressed(tmp_path_factory):
    """SqueezeNet's file with random numbers, and these by our names."""
    expected = {name: tuple(value.shape) for name, value in create_model("squeezenet").state_dict().items()}
    shapes = [shape for shape in expected.values() if len(shape) == 4] + [(CLASSES, 512, 1, 1)]
    layers = sparse_layers(shapes)
    path = tmp_path_factory.mktemp("squeezenet") / "compressed_SqueezeNet.net"
    path.write_bytes(compress(layers))
    return path, dict(zip(expected, (part for layer in layers for part in layer)))


def test_the_command_converts_what_it_finds(compressed, tmp_path, run_script):
    source, named = compressed
    done = run_script("convert_weights", "--from", source, "--out", tmp_path / "out")
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


def test_float32_is_kept_on_request_and_when_float16_costs_too_much(compressed, tmp_path, monkeypatch):
    source, named = compressed
    path, card = convert_network("squeezenet", source, tmp_path, half=False)
    assert card["stored_as"] == "float32"
    assert all(np.array_equal(value, named[name]) for name, value in load_state(path).items())
    monkeypatch.setitem(precision.LIMITS, "squeezenet", {"feature_relative": 1e-9})
    assert convert_network("squeezenet", source, tmp_path)[1]["stored_as"] == "float32"


def test_float16_numbers_are_stored_without_a_measurement(tmp_path):
    layer = create_model("blazeface", weights="bundled")
    state = {name: value.numpy() for name, value in layer.state_dict().items()}
    nothing_lost, facts = precision.half_cost("blazeface", layer, state, faces=None)
    assert nothing_lost and facts["float16"].startswith("exact")


def test_what_float16_costs_a_swap_network_is_measured():
    faces = precision.read_faces()[:2]
    state = load_state(bundled("mfs_224"))
    _, exact = precision.swap_half_cost(state, faces)
    assert exact == {"float16_against_float32": dict.fromkeys(COSTS, 0.0), "faces": 2}
    between = {name: value * np.float32(1 + 2**-12) for name, value in state.items()}  # no float16 numbers any more
    nothing_lost, facts = precision.swap_half_cost(between, faces)
    largest, mean = (facts["float16_against_float32"][name] for name in COSTS)
    assert nothing_lost and 0 < mean < largest <= 0.01
    between["final.7.weight"] *= 40  # the last layer: the same loss in forty times the range
    nothing_lost, facts = precision.swap_half_cost(between, faces)
    assert not nothing_lost and facts["float16_against_float32"][COSTS[0]] > 0.01


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Two arrays that a training run left in tmp_path / "run", said to lose nothing as float16 -> path, arrays."""
    state = {"predictor.base_enc.0": np.full((3, 4, 4), 0.1, np.float32), "final.7.bias": np.zeros(3, np.float32)}
    run = tmp_path / "run" / "mfs.pdparams"
    save_state(run, state)
    write_card(run, {"made": "now", "started_from": "nothing"})
    monkeypatch.setattr(precision, "swap_half_cost", lambda state, faces: (True, {"faces": len(faces)}))
    return run, state


def test_a_training_runs_weights_keep_their_names(trained, tmp_path):
    run, state = trained
    path, card = convert_generator(tmp_path / "run", tmp_path / "out")
    assert card["stored_as"] == "float16" and card["parameters"] == 51 and card["made"] == "now"
    assert card["trained_sha256"] == sha256(run)
    read = load_state(path)
    assert read.keys() == state.keys()
    assert all(np.array_equal(read[name], value.astype(np.float16)) for name, value in state.items())


def test_the_command_keeps_a_training_runs_float32_on_request(trained, tmp_path, monkeypatch):
    run, state = trained
    words = ["convert_weights", "mfs_224", "--from", run.parent, "--out", tmp_path / "out", "--float32"]
    monkeypatch.setattr("sys.argv", list(map(str, words)))
    command.main()
    path = tmp_path / "out" / "mfs_224.pdparams"
    assert read_card(path)["stored_as"] == "float32"
    assert all(np.array_equal(value, state[name]) for name, value in load_state(path).items())


def test_a_run_without_weights_or_card_is_refused(tmp_path):
    with pytest.raises(UserError, match="mfs.pdparams"):
        convert_generator(tmp_path, tmp_path / "out")
    save_state(tmp_path / "mfs.pdparams", {"a": np.zeros(1, np.float32)})
    with pytest.raises(UserError, match="mfs.json: no card of a training run"):
        convert_generator(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


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
    signed, unsigned = ("mobilefacenet", "blazeface"), ("facemesh", "squeezenet", "inception")
    low, high = (-1, 1) if name in signed else (0, 1) if name in unsigned else (0, 255)
    assert low <= x.min() < low + 0.2 * (high - low) and low + 0.8 * (high - low) < x.max() <= high


def test_a_damaged_source_leaves_nothing_behind(compressed, tmp_path):
    source = tmp_path / "compressed_SqueezeNet.net"
    source.write_bytes(compressed[0].read_bytes()[:50_000])
    with pytest.raises(UserError, match="compressed_SqueezeNet.net: not the compressed SqueezeNet, or damaged"):
        convert_network("squeezenet", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_of_another_kind_is_refused(compressed, tmp_path):
    with pytest.raises(UserError, match="not a TensorFlow Lite file"):
        convert_network("blazeface", compressed[0], tmp_path / "out")


def test_another_network_is_refused_by_its_first_layer(tmp_path):
    source = tmp_path / "other.tflite"
    source.write_bytes(small_network()[0])
    with pytest.raises(UserError, match=r"other\.tflite: another network; stem\.weight needs shape \(24, 3, 5, 5\)"):
        convert_network("blazeface", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["facemash", "--from", "{}"], "did you mean facemesh"),
        (["--from", "{}/none"], "no such file or folder"),
        (["--from", "{}"], "holds no network that is known"),
        (["facemesh", "--from", "{}"], "has nothing for facemesh"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(tmp_path, run_script, arguments, words):
    done = run_script("convert_weights", *(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and words in line and "Traceback" not in done.stderr


def test_help_has_examples(run_script):
    done = run_script("convert_weights", "--help")
    assert done.returncode == 0 and "examples:" in done.stdout
    for network in NETWORKS.values():
        assert network.files[0] in done.stdout
