"""Everybody a made-up face, or none to be seen."""

import json
import stat

import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.swap.anonymiser import LOST, RECOGNISED, Anonymiser, Check, Tally
from paddle_mfs.swap.memory import ClipMemory
from paddle_mfs.swap.pseudonyms import UNLIKE, Pseudonyms
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def loaded():
    return Anonymiser(seed=3)


@pytest.fixture
def anonymiser(loaded):
    loaded.tally, loaded.check = Tally(), None
    return loaded


@pytest.fixture(scope="module")
def person(swapper, target):
    return swapper.analyser.largest(target)


def looks(swapper, samples, *names):
    pictures = [read_image(samples / "faces" / f"{name}.jpg") for name in names]
    return [swapper.baker.recognise(one, swapper.analyser.largest(one)) for one in pictures]


@pytest.mark.parametrize("why, gain", [("too dark", 0.01), ("", 1)])
def test_a_face_too_dark_is_hidden(anonymiser, target, person, why, gain):
    image = np.rint(target * gain).astype(np.uint8)
    made = anonymiser.patches(image, [person])
    assert len(made) == 1 and list(anonymiser.tally.hidden) == [why] * bool(why)
    assert anonymiser.tally.painted == (not why) and anonymiser.tally.frames_hidden == bool(why)


def test_a_face_too_small_is_hidden_in_a_picture(anonymiser, target, person):
    scale = 27 / person.size
    small = cv2.resize(target, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = cv2.copyMakeBorder(small, 60, 60, 60, 60, cv2.BORDER_REPLICATE)
    result = anonymiser.swap(image)
    assert anonymiser.tally.hidden["too small"] == 1 and not anonymiser.tally.painted
    x, y = (person.five[2] * scale + 60).round().astype(int)
    steps = [np.abs(np.diff(one[y - 7 : y + 6, x - 8 : x + 9].astype(int), axis=1)).max() for one in (image, result)]
    assert steps[1] < 16 < 32 < steps[0], "no edge is left"


def test_a_face_from_the_side_is_hidden(anonymiser, target, person):
    middle, (c, s) = person.landmarks.mean(0), (np.cos(np.radians(75)), np.sin(np.radians(75)))
    turned = (person.landmarks - middle) @ np.float32([[c, 0, s], [0, 1, 0], [-s, 0, c]]) + middle
    anonymiser.patches(target, [type(person).of(turned.astype(np.float32), 1, 1)])
    assert anonymiser.tally.hidden == {"seen from the side": 1} and not anonymiser.tally.painted


def test_a_face_that_is_lost_is_hidden_where_it_would_be(anonymiser, target, person):
    memory, moved = ClipMemory(), np.roll(target, 8, 1)
    other = type(person).of(person.landmarks + np.float32([8, 0, 0]), 1, 1)
    anonymiser.patches(target, [TrackedFace(0, person, 0.0)], memory)
    anonymiser.patches(moved, [TrackedFace(0, other, 0.04)], memory)
    [first], [second] = (anonymiser.patches(moved, [], memory) for _ in range(2))
    assert anonymiser.tally.hidden == {LOST: 2} and anonymiser.tally.frames == 4
    across = [-patch.matrix[0, 2] / patch.matrix[0, 0] for patch in (first, second)]
    assert np.linalg.det(second.matrix[:, :2]) < np.linalg.det(first.matrix[:, :2]), "it grows"
    assert across[1] != across[0]
    memory.keep([])
    assert anonymiser.patches(moved, [], memory) == []


def test_who_is_recognised_stays_hidden_while_tracked(anonymiser, target, person):
    answers = iter([0.7, 0.59, 0.9])
    anonymiser.check = Check(lambda before, after, five: next(answers), 0.6, "stand-in")
    memory = ClipMemory()
    for number in range(4):
        anonymiser.patches(target, [TrackedFace(0, person, number / 25)], memory)
    assert anonymiser.tally.painted == 1 and anonymiser.tally.hidden == {RECOGNISED: 3}
    assert next(answers) == 0.9, "nobody asks again"


def test_made_up_faces_are_unlike_everybody(swapper, samples, tmp_path):
    people = looks(swapper, samples, "800505", "800506", "800509")
    made = Pseudonyms(swapper.baker, seed=5)
    faces = [made.add(look) for look in people]
    mixed = np.concatenate([made._mixed(one.mix)[0] for one in faces])
    assert (np.concatenate(people) @ mixed.T).diagonal().max() < UNLIKE
    assert (mixed @ mixed.T)[~np.eye(3, dtype=bool)].max() < UNLIKE
    again = Pseudonyms(swapper.baker, seed=5)
    assert [again.add(look).mix for look in people] == [one.mix for one in faces]
    assert Pseudonyms(swapper.baker, seed=6).add(people[0]).mix != faces[0].mix


def test_the_key_is_private_and_gives_the_same_faces(swapper, samples, tmp_path):
    key, [look] = tmp_path / "key.json", looks(swapper, samples, "800505")
    first = Pseudonyms(swapper.baker, key, seed=5).add(look)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and "PERSONAL DATA" in json.loads(key.read_text())["note"]
    [again] = Pseudonyms(swapper.baker, key).people
    assert again.mix == first.mix and float(np.vdot(again.embedding, look)) > 0.999
    assert json.loads(key.read_text())["seed"] == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: None,
        lambda stored: [],
        lambda stored: {**stored, "version": 2},
        lambda stored: {**stored, "seed": float("inf")},
        lambda stored: {**stored, "people": [{"embedding": [0.5, 0.5], "mix": ["800000.jpg", "800001.jpg"]}]},
        lambda stored: {**stored, "people": [{"embedding": stored["people"][0]["embedding"], "mix": ["a", "b"]}]},
        lambda stored: {**stored, "made_with": {}},
    ],
)
def test_a_damaged_key_is_one_line_and_stays(swapper, samples, tmp_path, change):
    key = tmp_path / "key.json"
    Pseudonyms(swapper.baker, key).add(looks(swapper, samples, "800505")[0])
    key.write_text(json.dumps(change(json.loads(key.read_text()))) if change(json.loads(key.read_text())) else "{half")
    before = key.read_bytes()
    with pytest.raises(UserError, match="^[^\n]*key.json: [^\n]*--key[^\n]*$"):
        Pseudonyms(swapper.baker, key)
    assert key.read_bytes() == before
