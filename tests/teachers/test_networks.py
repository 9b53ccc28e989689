"""The teachers' networks against PyTorch, converted from files that PyTorch wrote."""

import ast
import contextlib
import shutil
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mfs.cli import convert_weights, train
from paddle_mfs.convert import teachers
from paddle_mfs.convert.teachers import network_layer
from paddle_mfs.convert.torch_file import read_torch
from paddle_mfs.convert.torch_state import RENAMED, from_torch
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.pairs import PairSampler, batches
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.models.arcface import IRSEResNet
from paddle_mfs.ops import threads
from paddle_mfs.teachers import simswap
from paddle_mfs.teachers.faceshifter import AEINet
from paddle_mfs.teachers.ir_se50 import IRSE50
from paddle_mfs.teachers.network import NetworkTeacher
from paddle_mfs.teachers.simswap import SimSwapGenerator
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch, to_image
from paddle_mfs.weights import load_state, read_card, save_state

TOLERANCE = 1e-4
ARCFACE = {"layers": ((64, 1, 1), (64, 1, 2), (64, 1, 2), (64, 1, 2))}  # simswap_arcface, for pictures of 112 px too


def sizes(constant):
    """SIZES or SMALL of torch_twins.py, which cannot be imported without PyTorch: {network: its arguments}."""
    tree = ast.parse((Path(__file__).parent / "torch_twins.py").read_text(encoding="utf-8"))
    value = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == constant)
    return {
        name: {key: size for key, size in options.items() if key != "side"}
        for name, options in ast.literal_eval(value).items()
    }


def compare(folder, name, arguments, file=None):
    """Assert that Paddle's output is PyTorch's -> their largest difference."""
    layer = network_layer(name, **arguments)
    layer.set_state_dict(from_torch(layer, read_torch(folder / (file or f"{name}.pth")), name))
    layer.eval()
    with np.load(folder / f"{name}.npz") as arrays, paddle.no_grad():
        output = layer(*(paddle.to_tensor(arrays[key]) for key in arrays.files if key != "output"))
        right = arrays["output"]
    output = (output[0] if isinstance(output, tuple) else output).numpy()
    assert output.shape == right.shape and right.std() > 100 * TOLERANCE  # the comparison means something
    difference = np.abs(output - right).max()
    assert difference < TOLERANCE
    return difference


def as_pytorch(layer):
    """Parameters of a Paddle network as PyTorch has them, {name: array}: the way back of `from_torch`."""
    owners, state = dict(layer.named_sublayers()), {}
    for name, value in layer.state_dict().items():
        owner, dot, leaf = name.rpartition(".")
        is_matrix = isinstance(owners[owner], paddle.nn.Linear) and leaf == "weight"
        state[owner + dot + RENAMED.get(leaf, leaf)] = value.numpy().T if is_matrix else value.numpy()
    return state


@pytest.mark.parametrize("name", sizes("SIZES"))
def test_networks_give_pytorchs_outputs(torch_networks, name):
    print(name, compare(torch_networks, name, sizes("SIZES")[name]))


@pytest.mark.parametrize("file", ["whole.pth", "legacy.pth", "wrapped.tar", "half.pth"])
def test_every_form_of_a_file_holds_the_same_numbers(torch_networks, file):
    right, found = read_torch(torch_networks / "faceshifter_arcface.pth"), read_torch(torch_networks / file)
    assert found.keys() == right.keys()
    for name, value in right.items():
        np.testing.assert_allclose(found[name], value, atol=1e-3 if file == "half.pth" else 0)


@pytest.mark.parametrize(
    "name, file", [("simswap", None), ("faceshifter", None), ("faceshifter_arcface", "wrapped.tar")]
)
def test_kept_files_of_pytorch_give_its_outputs(small_networks, name, file):
    compare(small_networks, name, sizes("SMALL")[name], file)


@pytest.mark.parametrize(
    "layer, millions", [(SimSwapGenerator, 55.1), (IRSEResNet, 52.2), (AEINet, 184.4), (IRSE50, 43.8)]
)
def test_full_size_parameter_counts(layer, millions):
    with paddle.LazyGuard():  # shapes without memory
        parameters = layer().parameters()
    assert sum(int(np.prod(p.shape)) for p in parameters) / 1e6 == pytest.approx(millions, abs=0.05)


class SmallTeacher(NetworkTeacher):
    """A teacher with a small SimSwap generator and a fixed identity."""

    size = 24

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def identify(self, source):
        return paddle.full([1, 8], float(source.mean()) / 255)

    @paddle.no_grad()
    def paint(self, identity, picture):
        return to_image(self.layer(paddle.to_tensor(to_batch(picture, 0, 1)), identity).numpy())


def test_a_network_gives_the_same_pictures_in_a_forked_worker(small_networks):
    layer = network_layer("simswap", **sizes("SMALL")["simswap"])
    layer.set_state_dict(from_torch(layer, read_torch(small_networks / "simswap.pth"), "simswap.pth"))
    layer.eval()
    images = np.random.default_rng(3).integers(0, 255, (3, 32, 32, 3), np.uint8)
    crops = Crops(
        images, np.tile(np.linspace(8, 24, 468, dtype=np.float32)[:, None], (3, 1, 2)), ["a.jpg", "b.jpg", "c.jpg"]
    )
    teacher = SmallTeacher(layer)
    assert teacher.may_fork
    sampler = PairSampler(crops, teacher, 2, 2, 0.0)
    with contextlib.closing(batches(sampler, 0)) as here, contextlib.closing(batches(sampler, 1)) as forked:
        right = next(here)  # this process has run the network before it forks
        np.testing.assert_array_equal(next(forked).taught.numpy(), right.taught.numpy())
    assert right.taught.numpy().std() > 1


def test_a_changed_state_is_refused_by_its_keys(small_networks):
    layer = network_layer("simswap", **sizes("SMALL")["simswap"])
    state = read_torch(small_networks / "simswap.pth")
    state["down4.0.weight"] = state.pop("down3.0.weight")
    state["last_layer.1.bias"] = np.zeros(4, np.float32)
    with pytest.raises(UserError) as caught:
        from_torch(layer, state, "some.pth")
    words = str(caught.value)
    assert "missing keys: down3.0.weight" in words and "unexpected keys: down4.0.weight" in words and "\n" not in words
    assert "last_layer.1.bias (4,) instead of (3,)" in words and words.startswith("some.pth")


def test_matrices_are_turned_and_counters_dropped(small_networks):
    layer = network_layer("simswap", **sizes("SMALL")["simswap"])
    state = read_torch(small_networks / "simswap.pth")
    assert "first_layer.2.num_batches_tracked" in state
    named = from_torch(layer, state, "simswap.pth")
    assert named.keys() == layer.state_dict().keys()
    np.testing.assert_array_equal(
        named["BottleNeck.0.style1.linear.weight"], state["BottleNeck.0.style1.linear.weight"].T
    )
    np.testing.assert_array_equal(named["down1.1._variance"], state["down1.1.running_var"])


def test_the_tool_refuses_a_network_of_another_size_in_one_line(run_script, small_networks, tmp_path):
    done = run_script("convert_weights", "simswap", "--from", small_networks / "simswap.pth", "--out", tmp_path)
    line = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert line.startswith("error: ") and "simswap.pth: not the weights of this network" in line
    assert "missing keys: BottleNeck.1." in line and "wrong shapes: " in line and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name, file",
    [
        ("simswap", "simswap.pth"),
        ("simswap_arcface", None),
        ("faceshifter", "faceshifter.pth"),
        ("faceshifter_arcface", "wrapped.tar"),
    ],
)
def test_the_command_converts_every_network(small_networks, tmp_path, monkeypatch, name, file):
    """In small. No file of simswap_arcface is kept: what reading it would give is made here."""
    layer = network_layer(name, **{**sizes("SMALL"), "simswap_arcface": ARCFACE}[name])
    monkeypatch.setattr(teachers, "network_layer", lambda name: layer)
    if file is None:
        tensors, path = as_pytorch(layer), tmp_path / "arcface_checkpoint.tar"
        path.write_bytes(b"stands for them")
        monkeypatch.setattr(teachers, "read_torch", lambda path: tensors)
        right = {key: value.numpy() for key, value in layer.state_dict().items()}
    else:
        path = small_networks / file
        right = from_torch(layer, read_torch(path), path)
    words = ["convert_weights", name, "--from", path, "--out", tmp_path / "out"]
    monkeypatch.setattr("sys.argv", list(map(str, words)))
    convert_weights.main()
    weights = tmp_path / "out" / f"{name}.pdparams"
    card, found = read_card(weights), load_state(weights)
    assert card["made_from"]["file"] == path.name and card["licence"] == teachers.TEACHER_NETWORKS[name].licence
    assert found.keys() == right.keys() and all(np.array_equal(found[key], right[key]) for key in right)


def test_a_step_of_training_by_simswap(samples, tmp_path, monkeypatch, capsys):
    """With small networks of random numbers in the place of the public ones."""
    generator = partial(SimSwapGenerator, **{**sizes("SMALL")["simswap"], "identity": 512})
    encoder = partial(IRSEResNet, **ARCFACE)
    for name, layer in (("SimSwapGenerator", generator), ("IRSEResNet", encoder)):
        save_state(tmp_path / f"{name}.pdparams", {key: value.numpy() for key, value in layer().state_dict().items()})
        monkeypatch.setattr(simswap, name, layer)
    (tmp_path / "faces").mkdir()
    for name in ("800505.jpg", "800510.jpg"):
        shutil.copy(samples / "faces" / name, tmp_path / "faces")
    settings = [
        "teacher.name=simswap",
        f"teacher.weights={tmp_path / 'SimSwapGenerator.pdparams'}",
        f"teacher.encoder={tmp_path / 'IRSEResNet.pdparams'}",
        f"data.faces={tmp_path / 'faces'}",
        "data.size=64",
        "data.identities=2",
        "data.workers=0",
        "run.steps=1",
        f"run.output={tmp_path / 'run'}",
    ]
    words = ["train", "-c", "configs/smoke.yml", *(word for setting in settings for word in ("-o", setting))]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(threads, "use_threads", lambda count: None)  # other tests compare this process with another
    train.main()
    out = capsys.readouterr().out
    assert "CC BY-NC 4.0" in out and "1 steps" in out and (tmp_path / "run" / "mfs.pdparams").is_file()


@pytest.mark.slow
def test_the_tool_converts_networks_of_full_size_and_simswap_swaps(run_script, tmp_path, torch_python, samples, capsys):
    from paddle_mfs.face.image import read_image
    from paddle_mfs.teachers import create_teacher

    twins = Path(__file__).parent / "torch_twins.py"
    subprocess.run([torch_python, str(twins), str(tmp_path), "--simswap"], check=True, timeout=600)
    for name in ("simswap", "simswap_arcface"):
        done = run_script("convert_weights", name, "--from", tmp_path / f"{name}.pth", "--out", tmp_path)
        assert done.returncode == 0, done.stderr
        card = read_card(tmp_path / f"{name}.pdparams")
        assert card["made_from"]["file"] == f"{name}.pth" and card["licence"].startswith("CC BY-NC 4.0")
    teacher = create_teacher(
        {
            "name": "simswap",
            "weights": str(tmp_path / "simswap.pdparams"),
            "encoder": str(tmp_path / "simswap_arcface.pdparams"),
        }
    )
    assert "CC BY-NC 4.0" in capsys.readouterr().out
    face = read_image(samples / "faces" / "800505.jpg")[:128, :128]
    image, blend = teacher.swap(AlignedFace(face, None), AlignedFace(face, None))
    assert image.shape == (128, 128, 3) and image.dtype == np.uint8 and blend.all() and image.std() > 1
