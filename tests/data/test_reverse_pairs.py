"""Reverse pairs: a painting goes in, the real picture it was made on is to come out."""

import contextlib
import itertools
import random

import numpy as np
import pytest

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.augmentation import Augmentation
from paddle_mfs.data.crops import Crops, prepare
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.data.pairs import PairSampler, batches
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.teachers import create_teacher
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.errors import UserError

PEOPLE = ["ann/1.jpg", "ann/2.jpg", "ann/3.jpg", "bob/1.jpg", "bob/2.jpg", "cat.jpg"]


@pytest.fixture(scope="module")
def crops(samples):
    """Six faces of three people, as far as their names say."""
    found = prepare(samples / "faces").resized(64)
    return Crops(found.images[:6], found.landmarks[:6], PEOPLE)


class Asked(MeshTeacher):
    """The mesh teacher, which keeps the keys it was asked for: source, target."""

    def __init__(self):
        self.keys = []

    def swap(self, source, target, geometry=None, keys=None):
        self.keys.append(keys)
        return super().swap(source, target, geometry, keys)


def sampler(crops, same=0.0, reverse=1.0, seed=0, teacher=None, **more):
    return PairSampler(crops, teacher or create_teacher({"name": "mesh"}), 3, 2, same, seed, reverse=reverse, **more)


def first(sampler, count=8):
    return list(itertools.islice(sampler.stream(), count))


def person(crops, index):
    return crops.labels[index]


def key_of(crops, picture):
    """2 * index + mirrored of a picture (3, S, S) of the faces; None of one that is none of theirs."""
    for index in range(len(crops)):
        face = crops.face(index)
        for flip, image in enumerate((face.image, mirrored(*face).image)):
            if np.array_equal(picture.transpose(1, 2, 0), image):
                return 2 * index + flip
    return None


def test_a_real_picture_is_taught_and_its_painting_is_the_target(crops):
    for batch in first(sampler(crops)):
        assert batch.real.all() and not batch.same.any()
        for row, (target, taught) in enumerate(zip(batch.targets, batch.taught)):
            source, truth = int(batch.sources[row // 2]), key_of(crops, taught)
            assert truth is not None and person(crops, truth // 2) == person(crops, source // 2)
            assert key_of(crops, target) is None
            changed = np.abs(target.astype(int) - taught)
            assert (changed * batch.core[row]).max() > 10
            assert (changed * batch.background[row]).max() <= 3


def test_the_truth_is_another_photo_or_else_the_mirror_image(crops):
    others = set()
    for batch in first(sampler(crops), 20):
        for row, taught in enumerate(batch.taught):
            source, truth = int(batch.sources[row // 2]), key_of(crops, taught)
            if PEOPLE[source // 2] == "cat.jpg":
                assert truth == source ^ 1
            else:
                assert truth // 2 != source // 2
                others.add(truth % 2)
    assert others == {0, 1}


def test_the_face_put_on_is_somebody_elses(crops):
    teacher = Asked()
    batch_of = sampler(crops, teacher=teacher).batch
    for number in range(12):
        teacher.keys.clear()
        batch = batch_of(number)
        for row, (other, x) in enumerate(teacher.keys):
            assert key_of(crops, batch.taught[row]) == x
            assert person(crops, other // 2) != person(crops, x // 2)
            assert person(crops, int(batch.sources[row // 2]) // 2) == person(crops, x // 2)


def test_shares_are_as_told(crops):
    found = first(sampler(crops, same=0.2, reverse=0.5), 60)
    same, real = (np.mean([getattr(batch, name) for batch in found]) for name in ("same", "real"))
    assert same == pytest.approx(0.2, abs=0.08) and real - same == pytest.approx(0.5, abs=0.1)


def test_reverse_0_draws_what_was_drawn_before(crops):
    """What runs without reverse pairs draw is written down here, draw by draw: it must not change with them."""
    drawn = PairSampler(crops, create_teacher({"name": "mesh"}), 3, 2, 0.4, 3)
    for number in range(4):
        batch, rng = drawn.batch(number), random.Random(f"3/{number}")
        assert np.array_equal(batch.real, batch.same)
        for group in range(3):
            index = rng.choice(range(len(crops)))
            source = 2 * index + rng.randrange(2)
            assert batch.sources[group] == source
            for row in (2 * group, 2 * group + 1):
                same = rng.random() < 0.4
                if same:
                    twin = rng.choice(crops.mates(index))
                    target = source if twin == index else 2 * twin + rng.randrange(2)
                else:
                    target = 2 * rng.randrange(len(crops)) + rng.randrange(2)
                assert batch.same[row] == same and key_of(crops, batch.targets[row]) == target


def test_a_batch_is_a_function_of_seed_and_number(crops):
    wanted = first(sampler(crops, 0.2, 0.5), 4)
    again = sampler(crops, 0.2, 0.5)
    for number in (3, 0):
        assert all((a == b).all() for a, b in zip(wanted[number], again.batch(number)))
    with contextlib.closing(batches(sampler(crops, 0.2, 0.5), 1, 1)) as stream:
        assert all((a == b.numpy()).all() for a, b in zip(wanted[1], next(stream)))
    assert any((a != b).any() for a, b in zip(wanted[0], sampler(crops, 0.2, 0.5, seed=1).batch(0)))


def test_who_wears_glasses_is_a_target_only(crops):
    teacher, glasses = Asked(), {1, 3}
    batch_of = sampler(crops, 0.1, 0.5, teacher=teacher, glasses=glasses).batch
    targets = set()
    for number in range(30):
        teacher.keys.clear()
        batch = batch_of(number)
        assert not glasses & set(batch.sources // 2) and not glasses & {source // 2 for source, _ in teacher.keys}
        for row in range(6):
            key = key_of(crops, batch.taught[row])
            if batch.real[row] and not batch.same[row]:
                assert key // 2 not in glasses
            targets.add((key_of(crops, batch.targets[row]) or 0) // 2)
    assert glasses <= targets


def test_examples_show_reverse_pairs_where_there_are_any(crops):
    cache = IdentityCache(FaceEmbedder(create_model("mobilefacenet", weights="bundled")), crops.resized(112))
    plain, shown = (sampler(crops, 0.0, reverse, cache=cache).examples(3) for reverse in (0.0, 0.5))
    as_planes = [example.taught.transpose(2, 0, 1) for example in shown]
    assert [key_of(crops, planes) is not None for planes in as_planes] == [False, False, True]
    assert np.array_equal(plain[0].taught, shown[0].taught) and np.array_equal(plain[1].target, shown[1].target)


def test_what_cannot_be_is_one_line(crops):
    class Some(MeshTeacher):
        def partners(self, faces):
            return {0: [1, 2]}

    with pytest.raises(UserError, match="data.reverse is 0.5; it must be 0, as the answers are there already"):
        sampler(crops, 0.0, 0.5, teacher=Some())
    with pytest.raises(
        UserError, match="data.reverse is 0.5; it must be 0, as all sources in data.faces show one person"
    ):
        sampler(Crops(crops.images, crops.landmarks, PEOPLE, ["ann"] * 6), 0.0, 0.5)
    with pytest.raises(UserError, match="show one person"):
        sampler(crops, 0.0, 0.5, glasses={3, 4, 5})
    with pytest.raises(UserError, match="data.glasses: names every face that the teacher can put on another"):
        sampler(crops, 0.0, 0.0, teacher=Some(), glasses={0})


def test_what_befalls_a_row_befalls_its_target_and_its_truth(crops):
    """Spectacles on every target: target and truth wear the same, and the mask is not pulled open there."""
    plain = first(sampler(crops, same=0.5, reverse=0.5), 4)
    worn = first(sampler(crops, same=0.5, reverse=0.5, augmentation=Augmentation(spectacles=1)), 4)
    again = first(sampler(crops, same=0.5, reverse=0.5, augmentation=Augmentation(spectacles=1)), 4)
    assert all(np.array_equal(a, b) for one, other in zip(worn, again) for a, b in zip(one, other))
    covered = sum(np.packbits(batch.core).sum() for batch in worn)
    assert 0 < covered < sum(np.packbits(batch.core).sum() for batch in plain)
    for batch in worn:
        for target, taught, same in zip(batch.targets, batch.taught, batch.same):
            assert not same or np.array_equal(target, taught)
            assert key_of(crops, taught) is None, "drawn over"
