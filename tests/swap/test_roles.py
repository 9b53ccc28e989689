"""Who gets whose face: told apart by identity embedding, in pictures and over the frames of a clip."""

import copy
from itertools import combinations

import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.models.embedder import SAME_PERSON_COSINE
from paddle_mfs.swap.memory import ClipMemory
from paddle_mfs.swap.roles import Role, match, parse_map, roles
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError


def test_map_words():
    assert parse_map(["a.jpg=b.jpg", "c.png=d=e.png"]) == {"a.jpg": "b.jpg", "c.png": "d=e.png"} and parse_map([]) == {}
    for word in ("a.jpg", "=b.jpg", "a.jpg="):
        with pytest.raises(UserError, match="TARGET_FACE=SOURCE"):
            parse_map([word])
    with pytest.raises(UserError, match="has a source already"):
        parse_map(["a.jpg=b.jpg", "a.jpg=c.jpg"])


def test_threshold(swapper, root):
    """One person in two poses is above the threshold by far, two people are below."""
    seen = {}
    for path in sorted((root / "tests/fixtures/identities").glob("*.jpg")):
        image = read_image(path)
        seen[path.stem] = swapper.baker.embed(image, swapper.analyser.largest(image))[0]
    scores = {(a, b): float(np.vdot(seen[a], seen[b])) for a, b in combinations(seen, 2)}
    own = [score for (a, b), score in scores.items() if a[:5] == b[:5]]
    others = [score for (a, b), score in scores.items() if a[:5] != b[:5]]
    assert len(own) == 3 and len(others) == 12
    assert min(own) > SAME_PERSON_COSINE + 0.1 and max(others) < SAME_PERSON_COSINE - 0.1, (own, others)


def test_roles(swapper, root, samples):
    identities = root / "tests/fixtures/identities"
    made = roles(
        swapper.baker,
        {identities / "id009_base.jpg": samples / "source.jpg", identities / "id021_base.jpg": samples / "source.jpg"},
    )
    assert made[0].identity is made[1].identity, "a source is baked once"
    image = read_image(identities / "id021_yawl.jpg")
    role, score = match(swapper.baker.embed(image, swapper.analyser.largest(image))[0], made)
    assert role is made[1] and 0.7 < score <= 1
    stranger = read_image(identities / "id028_base.jpg")
    assert match(swapper.baker.embed(stranger, swapper.analyser.largest(stranger))[0], made)[0] is None


def test_each_person_gets_the_face_meant_for_them(swapper, root, samples):
    identities = root / "tests/fixtures/identities"
    by_person = FaceSwapper(
        {identities / "id009_base.jpg": samples / "source.jpg", identities / "id021_base.jpg": samples / "target.jpg"}
    )
    people = [read_image(identities / f"{name}_yawl.jpg") for name in ("id021", "id028", "id009")]
    height = min(person.shape[0] for person in people)
    together = np.concatenate([person[:height] for person in people], 1)
    edges = np.cumsum([0] + [person.shape[1] for person in people])
    result = by_person.swap(together)
    parts = [slice(a, b) for a, b in zip(edges, edges[1:])]
    assert (result[:, parts[1]] == together[:, parts[1]]).all(), "a stranger is left alone"
    for part, role in ((parts[0], 1), (parts[2], 0)):
        only = copy.copy(swapper)
        only.identity = by_person.roles[role].identity
        assert (only.swap(together, "all")[:, part] == result[:, part]).all() and (
            result[:, part] != together[:, part]
        ).any()
    assert len(by_person.facts["source_sha256"]) == 2
    with pytest.raises(UserError, match="stranger.jpg: shows nobody who is to be swapped"):
        by_person.swap(people[1], name="stranger.jpg")
    assert (by_person.swap_faces(people[1], by_person.analyser.faces(people[1])) == people[1]).all()


def test_who_a_tracked_face_is_is_asked_rarely(swapper, root, samples, monkeypatch):
    """A face first seen badly is recognised when it looks otherwise; while it looks the same the decision holds."""
    identities = root / "tests/fixtures/identities"
    person, stranger = (read_image(identities / f"{name}_base.jpg") for name in ("id009", "id028"))
    by_person = copy.copy(swapper)
    found = {name: swapper.analyser.largest(image) for name, image in (("person", person), ("stranger", stranger))}
    by_person.roles = [Role(swapper.baker.embed(person, found["person"])[0], swapper.identity)]
    memory, asked = ClipMemory(), []
    recognise = swapper.baker.recognise
    monkeypatch.setattr(swapper.baker, "recognise", lambda *args: asked.append(1) or recognise(*args))
    assert (by_person.swap_faces(stranger, [TrackedFace(0, found["stranger"])], memory=memory) == stranger).all()
    for number in range(12):
        me = TrackedFace(0, found["person"], (number + 1) / 25)
        assert (by_person.swap_faces(person, [me], memory=memory) != person).any()
    assert len(asked) == 3, "at first, when the look changed, and once more after a while"


def test_a_map_of_nobody_is_told():
    with pytest.raises(UserError, match="nobody to swap"):
        roles(None, {})
