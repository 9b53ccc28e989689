"""Refining one person's IDN: what is kept, what is refused, and the tool."""

import shutil

import numpy as np
import paddle
import pytest

from paddle_mfs.cli import personalize as command
from paddle_mfs.data.crops import load_crops
from paddle_mfs.engine import personalize
from paddle_mfs.engine.personalize import LOSS, Personalizer
from paddle_mfs.engine.watched_faces import WatchedFaces
from paddle_mfs.face.image import read_image
from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
from paddle_mfs.models.idn import run_idn
from paddle_mfs.provenance import picture_sha256, read_provenance
from paddle_mfs.swap.identity import load_identity
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from tests.engine.test_watched_faces import GOOD


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


def test_every_term_reaches_a_trained_parameter(make):
    """A term whose gradient is zero everywhere would be a number in the log that guards nothing."""
    personalizer = make()
    idn, trained, batch = personalizer.identity.idn, personalizer._trained(), personalizer._pairs.batch(1)
    objective, reached = personalizer._objective, {}
    whole = dict(objective.weights)
    for term in (name for name, weight in whole.items() if weight > 0):
        objective.weights = Config({name: weight if name == term else 0.0 for name, weight in whole.items()})
        swap = run_idn(batch.targets, idn.encoder, idn.decoder, idn.final, idn.mask, idn.mobile)
        loss, _ = objective(swap, batch, personalizer._embedding, 0)
        loss.backward()
        reached[term] = any(one.grad is not None and bool((one.grad != 0).any()) for one in trained)
        for parameter in trained:
            parameter.clear_gradient()
    assert reached == dict.fromkeys(LOSS["weights"], True)


def test_a_ruined_picture_is_not_kept(make, monkeypatch):
    monkeypatch.setattr(personalize, "LR", 0.3)
    monkeypatch.setattr(personalize, "WARMUP", 1)
    monkeypatch.setattr(personalize, "BATCH", 1)
    personalizer = make()
    idn = personalizer.identity.idn
    before = {name: value.numpy() for name, value in idn.state_dict().items()}
    first = personalizer._watched.quality(idn)
    refined = personalizer.train(minutes=0.03)
    assert refined.before == first != refined.after
    assert refined.sheet.shape == (2 * 224, 3 * 224, 3) and (refined.sheet[:, 224:448] != refined.sheet[:, 448:]).any()
    assert not refined.is_better and not refined.before.is_kept_by(refined.after)
    assert all((value.numpy() == before[name]).all() for name, value in idn.state_dict().items())
    assert all(parameter.stop_gradient for parameter in idn.parameters())


def test_too_few_faces(swapper, samples, crops):
    identity, faces = swapper.baker.combined([samples / "source.jpg"])
    with pytest.raises(UserError, match="5 faces to train on; six or more"):
        Personalizer(identity, faces, type(crops)(crops.images[:5], crops.landmarks[:5], crops.names[:5]), None)


BETTER, WORSE = GOOD._replace(distance=0.4), GOOD._replace(distance=0.6)


@pytest.mark.parametrize("after, status", [(BETTER, 0), (WORSE, 1), (BETTER._replace(sharpness=0.1), 1)])
def test_the_tool_tells_by_its_exit_status_whether_there_was_a_gain(
    samples, crops, tmp_path, monkeypatch, after, status
):
    """One step of real training; what the watched faces say before and after it is set here."""
    said = iter((GOOD, after))
    monkeypatch.setattr(WatchedFaces, "quality", lambda watched, idn: next(said))
    monkeypatch.setattr(personalize, "BATCH", 1)
    few = type(crops)(crops.images[:6], crops.landmarks[:6], crops.names[:6])
    monkeypatch.setattr(personalize, "load_crops", lambda faces: few)  # aligned once for all
    output = tmp_path / "a.identity"
    arguments = ["--source", samples / "source.jpg", "--minutes", "1e-6", "--output", output]
    monkeypatch.setattr("sys.argv", ["personalize", *map(str, arguments)])
    assert command.main() == status
    assert read_provenance(tmp_path / "a.png")["synthetic"] is True
    assert output.is_file() == (status == 0)
    if status == 0:
        identity = load_identity(output)
        facts = identity.facts["personalized"]
        assert identity.is_refined and (facts["before"], facts["after"]) == (GOOD._asdict(), after._asdict())


def test_two_photos_are_refined_and_the_file_swaps(root, samples, target, tmp_path, monkeypatch, run_script):
    """As a user does it, but for one step: the measures are real, but for the distance, which here comes down."""
    measured, measure = [], WatchedFaces.quality

    def quality(watched, idn):
        measured.append(measure(watched, idn)._replace(distance=0.9 - 0.1 * len(measured)))
        return measured[-1]

    monkeypatch.setattr(WatchedFaces, "quality", quality)
    monkeypatch.setattr(personalize, "BATCH", 1)
    photos = [root / "tests" / "fixtures" / "identities" / f"id009_{name}.jpg" for name in ("base", "yawl")]
    (tmp_path / "faces").mkdir()
    for picture in sorted((samples / "faces").glob("*.jpg"))[:6]:
        shutil.copy(picture, tmp_path / "faces")
    words = ["--source", *photos, "--minutes", "1e-6", "--faces", tmp_path / "faces"]
    monkeypatch.setattr("sys.argv", ["personalize", *map(str, words)])
    monkeypatch.chdir(tmp_path)
    assert command.main() == 0 and len(measured) == 2
    facts = load_identity("output/id009_base.identity").facts
    assert facts["source_sha256"] == [picture_sha256(photo) for photo in photos]
    assert (facts["personalized"]["before"], facts["personalized"]["after"]) == tuple(q._asdict() for q in measured)
    done = run_script(
        *("swap", "--source", "output/id009_base.identity", "--target", samples / "target.jpg", "--output", "a.png"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert np.abs(read_image(tmp_path / "a.png").astype(int) - target).max() > 20
    assert read_provenance(tmp_path / "a.png")["personalized"] == facts["personalized"]


def test_wrong_arguments_are_told(run_script, run_here, samples):
    for run, arguments, told in (
        (run_script, ("--minutes", "0"), "--minutes 0: give a number above 0"),
        (run_here, ("--output", "a.png"), "a.png: give a name that ends in .identity"),
    ):
        done = run("personalize", "--source", samples / "source.jpg", *arguments)
        assert done.returncode == 2 and told in done.stderr
