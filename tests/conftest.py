"""Shared by all tests: where things are, and running a tool the way a user does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
    """run_script("swap", "--source", ...) runs tools/swap.py in a process of its own -> CompletedProcess with text output."""

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
