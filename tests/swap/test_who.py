"""Which faces are chosen, and whose face they get."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.image import read_image
from paddle_mfs.models.embedder import SAME_PERSON_COSINE
from paddle_mfs.swap.memory import REMEMBERED, Tracks
from paddle_mfs.swap.roles import match, parse_map, roles
from paddle_mfs.swap.select import Choice, check_choice, choose, pick
from paddle_mfs.utils.errors import UserError


def face_at(x, size):
    return Face(np.array([x, 10, x + size, 10 + size], np.float32), 1.0, np.zeros((468, 3)), np.zeros((5, 2)), 1.0)


@dataclass
class TrackedFace:
    id: int
    face: Face


RIGHT, LEFT, MIDDLE = (face_at(*where) for where in ((300, 80), (0, 60), (150, 40)))
FACES = [RIGHT, LEFT, MIDDLE]  # largest first, as FaceAnalyser gives them


def same(faces, others):
    return len(faces) == len(others) and all(a is b for a, b in zip(faces, others))


def test_choosing():
    assert same(pick(FACES), [RIGHT]) and same(pick(FACES, "all"), FACES)
    for index, face in enumerate((LEFT, MIDDLE, RIGHT)):
        assert same(pick(FACES, index), [face]) and same(pick(FACES, str(index)), [face])
    assert choose(FACES, 3) == [] == choose([], "largest")
    for which, message in (
        (3, "no face 3; 3 found, choose 0 .leftmost. to 2"),
        ("biggest", "choose largest, all or an index"),
        (-1, "choose largest"),
    ):
        with pytest.raises(UserError, match=message):
            pick(FACES, which, "a.jpg")
    with pytest.raises(UserError, match="a.jpg: no face found"):
        pick([], "all", "a.jpg")
    with pytest.raises(UserError):
        check_choice("left")


def test_a_choice_holds_while_the_face_is_tracked():
    one, two = TrackedFace(1, face_at(0, 60)), TrackedFace(2, face_at(100, 50))
    nearer = TrackedFace(2, face_at(100, 90))
    largest = Choice("largest")
    assert largest([two, one]) == [one] and largest([nearer, one]) == [one], "does not jump to a face that comes nearer"
    assert largest([]) == [] and largest([nearer, one]) == [one], "nor after a frame without faces"
    assert largest([nearer]) == [nearer] and largest([nearer, one]) == [nearer], "until it is gone"
    leftmost, crossed = Choice("0"), TrackedFace(1, face_at(200, 60))
    assert leftmost([one, two]) == [one] and leftmost([two, crossed]) == [crossed]
    assert Choice("all")([one, two]) == [one, two] and Choice(1)([RIGHT, LEFT]) == [RIGHT]
    with pytest.raises(UserError):
        Choice("left")


def test_memories():
    tracks = Tracks()
    first = tracks.of(TrackedFace(0, LEFT))
    assert tracks.of(TrackedFace(0, RIGHT)) is first and tracks.of(LEFT) is not tracks.of(LEFT)
    for number in range(1, REMEMBERED):
        tracks.of(TrackedFace(number, LEFT))
    assert tracks.of(TrackedFace(0, LEFT)) is first
    tracks.of(TrackedFace(REMEMBERED, LEFT))
    assert tracks.of(TrackedFace(0, LEFT)) is first, "the face seen longest ago is forgotten, not the oldest"
    for number in range(100, 100 + REMEMBERED):
        tracks.of(TrackedFace(number, LEFT))
    assert tracks.of(TrackedFace(0, LEFT)) is not first


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
