"""An installed package carries what it needs: built from a source distribution, used in an empty folder elsewhere."""

import os
import shutil
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from paddle_mfs.face.image import read_image

NOT_COPIED = shutil.ignore_patterns("*.pyc", "__pycache__", "*.egg-info", "resources")


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """Folder of the installed package, made from a source distribution of a clean checkout; that archive."""
    folder = tmp_path_factory.mktemp("install")
    clone = folder / "clone"
    clone.mkdir()
    for path in root.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, clone)
        elif path.name in ("paddle_mfs", "weights", "samples", "configs"):
            shutil.copytree(path, clone / path.name, ignore=NOT_COPIED)
    (clone / "weights" / "squeezenet.pdparams").touch()  # a user's own: stays out
    run([sys.executable, "setup.py", "-q", "sdist", "--dist-dir", folder], clone)
    [archive] = folder.glob("*.tar.gz")
    run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            *"-q --no-deps --no-build-isolation --target".split(),
            folder / "site",
            archive,
        ],
        folder,
    )
    lend_kernels(root / "paddle_mfs", folder / "site" / "paddle_mfs")
    return folder / "site", archive


def lend_kernels(ours, theirs):
    """What numba has compiled of the checkout, if it has, as if it had been compiled there: training begins with a
    minute of that. Numba knows a file by its name, time and size."""
    for path in ours.rglob("*.py"):
        if (theirs / path.relative_to(ours)).exists():
            shutil.copystat(path, theirs / path.relative_to(ours))
    for pattern in ("*.nbi", "*.nbc"):  # the lists of kernels first: a kernel that is on none would be in the way
        for path in ours.rglob(pattern):
            copy = theirs / path.relative_to(ours)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)


def run(words, folder, **environment):
    """Run a command there and return what it printed; fails with its errors."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def command(installed, tmp_path):
    """command("swap", ...) runs `paddle-mfs swap ...` of the installed package in the empty folder tmp_path."""
    site, _ = installed

    def call(*words):
        script = [sys.executable, site / "bin" / "paddle-mfs"]
        return run([*script, *words], tmp_path, PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")

    return call


def test_everything_is_carried_once_and_nothing_else(root, installed):
    site, archive = installed
    carried = site / "paddle_mfs" / "resources"
    for folder in ("weights", "samples", "configs"):
        ours = {
            path.relative_to(root)
            for path in (root / folder).rglob("*")
            if path.is_file() and "squeezenet" not in path.name
        }
        assert ours == {path.relative_to(carried) for path in (carried / folder).rglob("*") if path.is_file()}
    assert {path.name for path in carried.iterdir() if path.is_file()} == {"LICENSE", "NOTICE"}
    with tarfile.open(archive) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"LICENSE", "NOTICE", "setup.py", "pyproject.toml", "weights/mfs_224.json", "configs/distill.yml"} <= names
    assert "weights/squeezenet.pdparams" not in names
    for data in ("data/view_directions.npz", *(f"apps/compare/page.{kind}" for kind in ("html", "css", "js"))):
        assert (site / "paddle_mfs" / data).is_file() and f"paddle_mfs/{data}" in names


def test_it_is_the_installed_package_that_runs(root, installed, tmp_path):
    code = "import paddle_mfs; from paddle_mfs import FaceSwapper, UserError; print(paddle_mfs.__file__)"
    printed = run([sys.executable, "-c", code], tmp_path, PYTHONPATH=str(installed[0]))
    assert printed.strip() == str(installed[0] / "paddle_mfs" / "__init__.py")


def test_the_held_out_pairs_are_found(installed, tmp_path):
    code = "from paddle_mfs.metrics.pairs import load_pairs; print(*load_pairs('samples/heldout', 1).files[0])"
    pair = run([sys.executable, "-c", code], tmp_path, PYTHONPATH=str(installed[0])).split()
    assert len(pair) == 2
    assert all(path.startswith(str(installed[0] / "paddle_mfs" / "resources" / "samples" / "heldout")) for path in pair)


def test_help_lists_the_tools(root, command):
    listed = command("--help")
    for tool in (root / "tools").glob("*.py"):
        assert f"  {tool.stem.replace('_', '-')} " in listed


def test_swaps_a_picture(command, samples, tmp_path):
    for role in ("source", "target"):
        shutil.copy(samples / f"{role}.jpg", tmp_path)
    command("swap", "--source", "source.jpg", "--target", "target.jpg")
    swapped, target = read_image(tmp_path / "output" / "target_source.png"), read_image(tmp_path / "target.jpg")
    assert swapped.shape == target.shape and np.abs(swapped.astype(int) - target).max() > 20


def test_demo(command, tmp_path):
    command("demo")
    assert sorted(path.name for path in (tmp_path / "output").glob("demo*"))[0] == "demo.png"
    assert (tmp_path / "output" / "demo_x86.nb").stat().st_size > 1e6


def test_settings_and_faces_that_come_with_it(command, tmp_path):
    short = "-o run.steps=1 -o data.size=64 -o data.identities=2 -o data.workers=0".split()
    printed = command("train", "-c", "configs/smoke.yml", *short)
    assert "output/train_smoke/mfs.pdparams: 1 steps" in printed
    assert not (tmp_path / "configs").exists() and (tmp_path / "output" / "train_smoke" / "mfs.pdparams").is_file()
