"""Shared by all tests: where things are, and running a tool the way a user does."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


def difference(outputs, wanted):
    """The largest difference of two lists of arrays, which have the same shapes."""
    assert [output.shape for output in outputs] == [value.shape for value in wanted]
    return max(float(np.abs(output - value).max()) for output, value in zip(outputs, wanted))


@pytest.fixture(scope="session")
def root():
    """The repository's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def samples(root):
    """Folder of generated adults: source.jpg, target.jpg (512 px), faces/*.jpg (320 px)."""
    return root / "samples"


@pytest.fixture(scope="session")
def run_script():
    """run_script("swap", "--source", ...) runs tools/swap.py in its own process -> CompletedProcess, output as text."""

    def run(name, *args, cwd=ROOT, **environment):
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, args)],
            cwd=cwd,
            text=True,
            capture_output=True,
            timeout=600,
            env={**os.environ, "PYTHONPATH": paths, **environment},
        )

    return run


@pytest.fixture
def run_here(monkeypatch, capfd):
    """run_here("swap", "--source", ...) runs tools/swap.py within this process -> CompletedProcess. Spares a start-up,
    once another test has run that tool in a process of its own: for what it refuses."""

    def run(name, *args):
        words = [str(ROOT / "tools" / f"{name}.py"), *map(str, args)]
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr("sys.argv", words)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(words[0], run_name="__main__")
        return subprocess.CompletedProcess(words, ended.value.code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def swapper(samples):
    """A FaceSwapper of samples/source.jpg with the bundled weights. Do not change it."""
    from paddle_mfs.swap.swapper import FaceSwapper

    return FaceSwapper(samples / "source.jpg")


@pytest.fixture(scope="session")
def target(samples):
    """samples/target.jpg, (512, 512, 3) uint8 RGB. Do not change it."""
    from paddle_mfs.face.image import read_image

    return read_image(samples / "target.jpg")


@pytest.fixture(scope="session")
def result(swapper, target):
    """The target with the source's face, with the default options. Do not change it."""
    return swapper.swap(target)


@pytest.fixture(scope="session")
def faces_file(samples, tmp_path_factory):
    """A faces file of two generated adults, for training."""
    from paddle_mfs.data.crops import load_crops, save_crops

    folder = tmp_path_factory.mktemp("faces")
    for name in ("800505.jpg", "800510.jpg"):
        shutil.copy(samples / "faces" / name, folder)
    save_crops(folder / "faces.npz", load_crops(folder))
    return folder / "faces.npz"


@pytest.fixture(scope="session")
def lively_idn():
    """IDN in eval mode, random weights: its result differs from its input, its mask is neither 0 nor 1. Not to be
    changed."""
    return _lively(mobile=False)


@pytest.fixture(scope="session")
def lively_mobile_idn():
    """The same of the mobile variant."""
    return _lively(mobile=True)


def _lively(mobile):
    import paddle

    from paddle_mfs.models.idn import IDN

    rng, idn = np.random.RandomState(5), IDN(mobile)
    for name, value in idn.state_dict().items():
        shape = tuple(value.shape)
        if name.endswith("._variance"):
            drawn = rng.uniform(0.3, 2, shape)
        elif name.endswith("._mean") or name.endswith(".bias"):
            drawn = rng.uniform(-0.4, 0.4, shape)
        elif len(shape) == 1:
            drawn = rng.uniform(0.5, 1.5, shape)
        else:
            drawn = rng.normal(0, 1.2 / np.sqrt(np.prod(shape[1:])), shape)
        value.set_value(paddle.to_tensor(drawn.astype(np.float32)))
    idn.eval()
    return idn


@pytest.fixture(scope="session")
def picture():
    """(1, 3, 96, 96) float32 noise in [0, 1]."""
    return np.random.RandomState(6).rand(1, 3, 96, 96).astype(np.float32)


@pytest.fixture(scope="session")
def pictures_of():
    """pictures_of(path) -> [(seconds, (H, W, 3) uint8 RGB)] of a clip."""

    import av

    def read(path):
        with av.open(str(path)) as clip:
            return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in clip.decode(video=0)]

    return read


@pytest.fixture
def two_folders_of_faces(tmp_path):
    """tmp_path with the folders a and b, two generated faces in each: two pairs of sources and targets."""
    for name, faces in {"a": ["id009_base", "id021_base"], "b": ["id028_base", "id028_yawl"]}.items():
        (tmp_path / name).mkdir()
        for face in faces:
            shutil.copy(ROOT / "tests" / "fixtures" / "identities" / f"{face}.jpg", tmp_path / name)
    return tmp_path
