"""Networks in files that PyTorch wrote: a small kept set, and one made anew where PyTorch is at hand."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[1] / "fixtures" / "teachers_reference.zip"


@pytest.fixture(scope="session")
def small_networks(tmp_path_factory):
    """Folder with what `torch_twins.py FOLDER --small` wrote (PyTorch 2.13, see tests/fixtures/SOURCES.md)."""
    folder = tmp_path_factory.mktemp("reference")
    with zipfile.ZipFile(REFERENCE) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def torch_python():
    """A Python that has PyTorch: the one named in $PADDLE_MFS_TORCH_PYTHON, else this one."""
    python = os.environ.get("PADDLE_MFS_TORCH_PYTHON") or sys.executable
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip(f"{python} has no PyTorch: pip install torch, or name another Python in PADDLE_MFS_TORCH_PYTHON")
    return python


@pytest.fixture(scope="session")
def torch_networks(tmp_path_factory, torch_python):
    """Folder with what `torch_twins.py FOLDER` writes now."""
    folder = tmp_path_factory.mktemp("twins")
    subprocess.run([torch_python, str(Path(__file__).parent / "torch_twins.py"), str(folder)], check=True, timeout=600)
    return folder
