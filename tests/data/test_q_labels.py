"""Labelled images for Q: faults that grow with their amount, labels, the split, snapshots in order."""

import numpy as np
import pytest

from paddle_mfs.data.crops import Crops, prepare
from paddle_mfs.data.degradations import KINDS, DegradedSwaps, Pair, degrade, quality_of
from paddle_mfs.data.q_labels import is_held_out
from paddle_mfs.data.snapshots import TeacherSnapshots
from paddle_mfs.engine.q_scores import qualities
from paddle_mfs.face.image import write_image
from paddle_mfs.models.quality import load_quality
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def crops(samples):
    return prepare(samples / "faces")


def pairs_of(crops):
    """Each face on the next."""
    teacher, n = MeshTeacher(), len(crops)
    following = [(i, (i + 1) % n) for i in range(n)]
    return teacher, [
        Pair(
            crops.face(i),
            crops.face(j),
            teacher.geometry(crops.landmarks[j], crops.images.shape[1]),
        )
        for i, j in following
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_amount_changes_more_of_the_face_and_no_amount_nothing(crops, kind):
    teacher, pairs = pairs_of(crops.resized(128))
    for pair in pairs[:3]:
        clean, _ = teacher.swap(*pair)
        moved = [
            np.abs(degrade(teacher, pair, {kind: amount}, np.random.default_rng(1)).astype(float) - clean).mean()
            for amount in (0.0, 0.25, 0.5, 1.0)
        ]
        assert moved[0] == 0 and (np.diff(moved) > 0).all(), moved


def test_the_surroundings_stay_as_they_are(crops):
    teacher, pairs = pairs_of(crops.resized(128))
    amounts = {kind: 1.0 for kind in KINDS if kind != "seams"}
    outside = pairs[0].geometry.blend == 0
    spoilt = degrade(teacher, pairs[0], amounts, np.random.default_rng(0))
    np.testing.assert_array_equal(spoilt[outside], pairs[0].target.image[outside])


def test_labels():
    assert quality_of({}) == 1 and quality_of({"blur": 1.0}) == 0
    assert quality_of({"blur": 0.25}) == 0.75 and quality_of({"blur": 0.5, "noise": 0.5}) == 0.25


def test_samples_are_a_function_of_their_number_and_keep_to_their_side(crops):
    one, other = (DegradedSwaps(crops, [128], held_out=0.3, seed=seed) for seed in (0, 0))
    (image, quality), (again, same) = one.sample(7), other.sample(7)
    assert image.shape == (112, 112, 3) and image.dtype == np.uint8 and 0 <= quality <= 1
    np.testing.assert_array_equal(image, again)
    assert quality == same and not np.array_equal(image, one.sample(8)[0])
    assert set(one.training).isdisjoint(one.judging) and len(one.training) + len(one.judging) == len(crops)
    row = one.judged(1)[0]
    assert [kind for kind, *_ in row] == ["none", *KINDS] and row[0][1] == 1


def test_photos_of_a_person_are_held_out_together(crops):
    people = Crops(crops.images, crops.landmarks, [f"{i // 2}/{i}.jpg" for i in range(len(crops))])
    labelled = DegradedSwaps(people, [128], held_out=0.4)
    assert {people.labels[i] for i in labelled.training}.isdisjoint(people.labels[i] for i in labelled.judging)
    assert 0.25 < np.mean([is_held_out(str(i), 0.3) for i in range(2000)]) < 0.35


def test_too_few_faces_to_hold_out(crops):
    with pytest.raises(UserError, match="data.held_out"):
        DegradedSwaps(crops, [128], held_out=0.0)


@pytest.fixture
def snapshots(tmp_path):
    """Three snapshots of one-coloured pictures: 90 black, 1000 grey, 20000 white."""
    for name, value in (("step_1000", 128), ("step_90", 0), ("step_20000", 255)):
        for i in range(12):
            write_image(tmp_path / "snapshots" / name / f"{i}.png", np.full((128, 128, 3), value, np.uint8))
    return tmp_path / "snapshots"


def test_snapshots_are_labelled_by_their_place(snapshots):
    labelled = TeacherSnapshots(snapshots, held_out=0.4)
    seen = {int(image[0, 0, 0]): quality for image, quality in map(labelled.sample, range(40))}
    assert seen == {0: 0.0, 128: 0.5, 255: 1.0}
    row = labelled.judged(100)[0]
    assert [(name, quality, int(image[0, 0, 0])) for name, quality, image in row] == [
        ("step_90", 0.0, 0),
        ("step_1000", 0.5, 128),
        ("step_20000", 1.0, 255),
    ]
    files = [{path.name for *_, path in part} for part in (*labelled.training, *labelled.judging)]
    assert files[0] == files[1] == files[2] and files[3] == files[5] and files[0].isdisjoint(files[3])


def test_bad_snapshots_are_one_line(snapshots, tmp_path):
    for folder, message in ((tmp_path / "none", "snapshot folders"), (snapshots / "step_90", "snapshot folders")):
        with pytest.raises(UserError, match=message):
            TeacherSnapshots(folder)
    labelled = TeacherSnapshots(snapshots, held_out=0.4)
    for path in (snapshots / "step_90").iterdir():
        write_image(path, np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UserError, match="png: is 64 x 64 px"):
        labelled.judged(1)


def test_bundled_q_ranks_a_finished_image_above_its_spoilt_versions(crops):
    """On faces it was not trained on: each kind of fault in most cases, and the more the worse."""
    net, (teacher, pairs) = load_quality(), pairs_of(crops)
    rng, right = np.random.default_rng(0), []
    clean = qualities(net, [degrade(teacher, pair, {}, rng) for pair in pairs])
    for kind in KINDS:
        half, full = (
            qualities(net, [degrade(teacher, pair, {kind: amount}, rng) for pair in pairs]) for amount in (0.5, 1.0)
        )
        right.append((clean > full).mean())
        assert right[-1] > 0.5 and full.mean() < half.mean() < clean.mean(), kind
    assert np.mean(right) > 0.85, dict(zip(KINDS, right))
