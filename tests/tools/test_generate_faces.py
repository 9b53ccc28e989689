"""The face generator tool: what it refuses, and, where the generator is installed, what it makes."""

import importlib.metadata

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.data import synthetic
from paddle_mfs.utils.errors import UserError


def is_installed():
    try:
        import openvino  # noqa: F401

        return synthetic.graph_path("SynthesisNetwork").is_file()
    except (ImportError, UserError):
        return False


@pytest.fixture(scope="module")
def generator():
    if not is_installed():
        pytest.skip("needs the face generator: pip install --no-deps random-face==2021.7.21.1")
    return synthetic.FaceGenerator()


@pytest.mark.parametrize(
    "args, words",
    [
        (("--start", 900_000, "--count", 1), "reserved"),
        (("--start", 899_999, "--count", 2), "reserved"),
        (("--start", 0, "--count", 0), "count"),
        (("--start", 0, "--count", 1, "--min-age", 12), "adults"),
        (("--start", 0, "--count", 1, "--size", 4000), "--size"),
    ],
)
def test_refuses_in_one_line(run_script, tmp_path, args, words):
    done = run_script("generate_faces", "--out", tmp_path, *args)
    assert (
        done.returncode == 2
        and done.stderr.count("\n") == 1
        and done.stderr.startswith("error: ")
        and words in done.stderr
    )
    assert not list(tmp_path.iterdir())


def test_a_missing_package_names_the_pip_command(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(UserError, match="pip install .*random-face==2021.7.21.1"):
        synthetic.FaceGenerator()


def test_a_face_is_a_function_of_its_index(generator, samples):
    committed = np.asarray(Image.open(samples / "heldout" / "800004.jpg"))
    made = generator.face(800_004, 320)
    assert made.shape == (320, 320, 3) and made.dtype == np.uint8
    assert 10 * np.log10(255**2 / np.mean((made.astype(float) - committed) ** 2)) > 33  # JPEG loss only


def test_only_adults_are_kept_and_a_run_goes_on_where_it_was(generator, tmp_path):
    asked = []

    def keep(image):
        asked.append(image.shape)
        return len(asked) != 2

    options = {"size": 64, "generator": generator, "keep": keep}
    assert dict(synthetic.generate_faces(tmp_path, range(3), **options)) == {0: "kept", 1: "left out", 2: "kept"}
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["000000.jpg", "000002.jpg"]
    assert dict(synthetic.generate_faces(tmp_path, range(3), **options)) == {0: "exists", 1: "left out", 2: "exists"}
    assert asked == [(64, 64, 3)] * 3


def test_the_age_filter_keeps_adults(samples):
    adult = synthetic.AdultFilter()
    faces = [np.asarray(Image.open(path)) for path in sorted((samples / "faces").glob("*.jpg"))[:4]]
    assert len(faces) == 4 and all(adult(image) for image in faces)
    older = synthetic.AdultFilter(min_age=99)
    assert not older(faces[0])
    assert not adult(np.full((200, 200, 3), 128, np.uint8))  # no face at all
