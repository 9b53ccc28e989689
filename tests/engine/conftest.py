"""A tiny training run on two faces, and a term of the objective for the time of a test."""

import pytest

from paddle_mfs.losses.term import LOSSES, Term
from paddle_mfs.utils.config import load_config


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
