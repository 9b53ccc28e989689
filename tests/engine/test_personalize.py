"""Refining one person's IDN: what is kept, what is refused, and the tool."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.crops import load_crops
from paddle_mfs.engine import personalize
from paddle_mfs.engine.personalize import Personalizer, Quality
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.detect import Detection
from paddle_mfs.face.regions import five_points
from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils.errors import UserError

GOOD = Quality(distance=0.5, sharpness=0.5, shape=7.0, background=53.0)


@pytest.mark.parametrize(
    "other, is_kept",
    [
        (GOOD, True),
        (GOOD._replace(distance=0.9), True),
        (GOOD._replace(sharpness=0.44), False),
        (GOOD._replace(shape=8.1), False),
        (GOOD._replace(background=51), True),
        (GOOD._replace(background=49), False),
    ],
)
def test_what_counts_as_kept(other, is_kept):
    assert GOOD.is_kept_by(other) == is_kept


@pytest.fixture(scope="module")
def crops(samples):
    return load_crops(samples / "faces")


@pytest.fixture
def make(swapper, samples, crops):
    """make() -> a Personalizer of samples/source.jpg with six other faces, of which two are watched."""

    def make():
        identity, faces = swapper.baker.combined([samples / "source.jpg"])
        few = type(crops)(crops.images[:6], crops.landmarks[:6], crops.names[:6])
        return Personalizer(identity, faces, few, FaceEmbedder(load_encoder()))

    return make


def test_training_changes_the_network_but_not_its_mask(make):
    personalizer = make()
    idn = personalizer.identity.idn
    before = {name: value.numpy() for name, value in idn.state_dict().items()}
    optimiser = paddle.optimizer.Adam(1e-3, parameters=personalizer._trained())
    losses = [personalizer._step(optimiser, number)["loss"] for number in range(2)]
    changed = {name for name, value in idn.state_dict().items() if (before[name] != value.numpy()).any()}
    assert np.isfinite(losses).all()
    assert changed == {
        name for name in before if not name.startswith("mask.") and not name.endswith(("._mean", "._variance"))
    }


def test_a_ruined_picture_is_not_kept(make, monkeypatch):
    monkeypatch.setattr(personalize, "LR", 0.3)
    monkeypatch.setattr(personalize, "WARMUP", 1)
    personalizer = make()
    idn = personalizer.identity.idn
    before = {name: value.numpy() for name, value in idn.state_dict().items()}
    refined = personalizer.train(minutes=0.05)
    assert refined.sheet.shape == (2 * 224, 3 * 224, 3) and (refined.sheet[:, 224:448] != refined.sheet[:, 448:]).any()
    assert not refined.is_better and not refined.before.is_kept_by(refined.after)
    assert all((value.numpy() == before[name]).all() for name, value in idn.state_dict().items())
    assert all(parameter.stop_gradient for parameter in idn.parameters())


def test_targets_are_moved_with_their_landmarks(make, crops):
    """The landmarks found in a moved crop lie where the moved landmarks say."""
    personalizer, analyser = make(), FaceAnalyser()
    for image, marks in zip(crops.images[:3], crops.landmarks[:3]):
        moved, wanted = personalizer._moved(image, marks)
        assert (moved != image).any()
        low, high = wanted.min(0), wanted.max(0)
        found, _ = analyser.landmarker(
            moved, Detection((low + high) / 2, float((high - low).max()), five_points(wanted), 1.0)
        )
        centre = np.abs(found[:, :2].mean(0) - wanted.mean(0)).max()
        assert centre < 4, centre


def test_too_few_faces(swapper, samples, crops):
    identity, faces = swapper.baker.combined([samples / "source.jpg"])
    with pytest.raises(UserError, match="5 faces to train on; six or more"):
        Personalizer(identity, faces, type(crops)(crops.images[:5], crops.landmarks[:5], crops.names[:5]), None)


def test_the_tool(run_script, samples, tmp_path):
    done = run_script(
        "personalize", "--source", samples / "source.jpg", "--minutes", "0.05", "--output", tmp_path / "a.identity"
    )
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    assert "before" in done.stdout and "after" in done.stdout
    assert read_provenance(tmp_path / "a.png")["synthetic"] is True
    assert (tmp_path / "a.identity").is_file() == (done.returncode == 0)
    if done.returncode == 0:
        swapped = run_script(
            "swap", "--source", tmp_path / "a.identity", "--target", samples / "target.jpg", cwd=tmp_path
        )
        assert swapped.returncode == 0 and swapped.stdout.strip() == "output/target_a.png", swapped.stderr
    for arguments, told in (
        (("--minutes", "0"), "--minutes 0.0: give more than 0"),
        (("--output", "a.png"), "a.png: give a name that ends in .identity"),
    ):
        done = run_script("personalize", "--source", samples / "source.jpg", *arguments)
        assert done.returncode == 2 and told in done.stderr
