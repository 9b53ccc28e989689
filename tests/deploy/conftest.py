"""What the tests of deploy/ share. They want compilers and Debian's tools: `make test-deploy`, not `make test`."""

import fcntl
import hashlib
import os
import shutil
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from .native import KINDS, Built, build, folder_of, has_sanitizers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MADE_BY = ("paddle_mfs/**/*.py", "weights/*.json", "samples/**/*.jpg")  # what fixtures kept on disk are made of
MADE_WITH = ("paddlepaddle", "paddlelite", "numpy", "opencv-python", "openvino")


@pytest.fixture(scope="session")
def require():
    """require("aapt", "aapt"): skip without that program, naming its Debian package; with MFS_DEPLOY_ALL=1 fail."""

    def check(program, package):
        if not shutil.which(program):
            missing = pytest.fail if os.environ.get("MFS_DEPLOY_ALL") == "1" else pytest.skip
            missing(f"{program} not found: apt-get install {package}")

    return check


@pytest.fixture(scope="session")
def once():
    """once("name", make) -> path of a folder that make(path) fills, once for all test processes. It is kept in build/
    until the package, its weights or the samples change."""

    def folder(name, make):
        kept = ROOT / "build" / "deploy_made"
        kept.mkdir(parents=True, exist_ok=True)
        path = kept / f"{name}-{_contents()}"
        with open(kept / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (path / ".made").exists():
                for older in kept.glob(f"{name}-*"):
                    shutil.rmtree(older)
                path.mkdir()
                make(path)
                (path / ".made").touch()
        return path

    return folder


@cache
def _contents():
    """A hash of all that fixtures are made of."""
    digest = hashlib.sha256(" ".join(version(name) for name in MADE_WITH).encode())
    for pattern in MADE_BY:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def bundle_x86(once, samples):
    """Path of a bundle for this machine, with the identity of samples/source.jpg in it."""
    from paddle_mfs.export.bundle import export_bundle

    def make(folder):
        export_bundle(folder / "x86.zip", source=samples / "source.jpg", target="x86", report=lambda line: None)

    return once("bundle", make) / "x86.zip"


@pytest.fixture(scope="session")
def built(require):
    """built("g++") -> Built. Skips when a compiler is missing, naming its Debian package."""

    def get(name):
        for program, package in {"cmake": "cmake", **KINDS[name].needs}.items():
            require(program, package)
        if name == "sanitized" and not has_sanitizers():
            require("the sanitizers of clang++", "libclang-rt-dev")
        problem = build(name)
        assert not problem, problem
        return Built(KINDS[name], folder_of(name))

    return get


def pytest_collection_modifyitems(items):
    """Every test below this folder is a test of `make test-deploy`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.deploy)
