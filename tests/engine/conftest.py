"""A tiny training run on two faces, and a term of the objective for the time of a test."""

import shutil

import pytest

from paddle_mfs.data.crops import load_crops, save_crops
from paddle_mfs.losses.term import LOSSES, Term
from paddle_mfs.utils.config import load_config

FACES = ("800505.jpg", "800510.jpg")


@pytest.fixture(scope="session")
def faces_file(samples, tmp_path_factory):
    """A faces file of two generated adults."""
    folder = tmp_path_factory.mktemp("faces")
    for name in FACES:
        shutil.copy(samples / "faces" / name, folder)
    save_crops(folder / "faces.npz", load_crops(folder))
    return folder / "faces.npz"


@pytest.fixture
def make_config(root, faces_file, tmp_path):
    """make_config("run.steps=3", ...) -> config of a tiny run, from the shipped smoke.yml."""

    def make(*overrides):
        return load_config(
            root / "configs" / "smoke.yml",
            [
                f"data.faces={faces_file}",
                "data.size=64",
                "data.identities=2",
                "data.workers=0",
                "ema.decay=0.9",
                f"run.output={tmp_path / 'run'}",
                *overrides,
            ],
        )

    return make


@pytest.fixture
def brightness():
    """A term registered for the time of a test, as a file in losses/ would register it."""

    @LOSSES.register("brightness")
    class Brightness(Term):
        symbol, word = "L_bright", "bright"

        def forward(self, view):
            return (1 - view.swap.result).flatten(1).mean(1)

    yield Brightness
    del LOSSES._classes["brightness"]
