"""What the tests of deploy/ share. They want compilers and Debian's tools: `make test-deploy`, not `make test`."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def require():
    """require("aapt", "aapt"): skip without that program, naming its Debian package; with MFS_DEPLOY_ALL=1 fail."""

    def check(program, package):
        if not shutil.which(program):
            missing = pytest.fail if os.environ.get("MFS_DEPLOY_ALL") == "1" else pytest.skip
            missing(f"{program} not found: apt-get install {package}")

    return check


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """once("name", make) -> path of a folder that make(path) fills, once for all test processes of a run."""

    def folder(name, make):
        shared = tmp_path_factory.getbasetemp()
        if os.environ.get("PYTEST_XDIST_WORKER"):
            shared = shared.parent
        path = shared / name
        with open(shared / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (path / ".made").exists():
                path.mkdir(exist_ok=True)
                make(path)
                (path / ".made").touch()
        return path

    return folder


@pytest.fixture(scope="session")
def bundle_x86(once, samples):
    """Path of a bundle for this machine, with the identity of samples/source.jpg in it."""
    from paddle_mfs.export.bundle import export_bundle

    def make(folder):
        export_bundle(folder / "x86.zip", source=samples / "source.jpg", target="x86", report=lambda line: None)

    return once("bundle", make) / "x86.zip"


def pytest_collection_modifyitems(items):
    """Every test below this folder is a test of `make test-deploy`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.deploy)
