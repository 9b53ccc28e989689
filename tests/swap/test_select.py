"""Which faces of a picture or clip are selected."""

import numpy as np
import pytest

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.swap.select import ClipSelection, check_which, select, select_or_raise
from paddle_mfs.utils.errors import UserError


def face_at(x, size):
    return Face(np.array([x, 10, x + size, 10 + size], np.float32), 1.0, np.zeros((468, 3)), np.zeros((5, 2)), 1.0)


RIGHT, LEFT, MIDDLE = (face_at(*where) for where in ((300, 80), (0, 60), (150, 40)))
FACES = [RIGHT, LEFT, MIDDLE]  # largest first, as FaceAnalyser gives them


def same(faces, others):
    return len(faces) == len(others) and all(a is b for a, b in zip(faces, others))


def test_selecting():
    assert same(select_or_raise(FACES), [RIGHT]) and same(select_or_raise(FACES, "all"), FACES)
    for index, face in enumerate((LEFT, MIDDLE, RIGHT)):
        assert same(select_or_raise(FACES, index), [face]) and same(select_or_raise(FACES, str(index)), [face])
    assert select(FACES, 3) == [] == select([], "largest")
    for which, message in (
        (3, "no face 3; 3 found, choose 0 .leftmost. to 2"),
        ("biggest", "choose largest, all or an index"),
        (-1, "choose largest"),
    ):
        with pytest.raises(UserError, match=message):
            select_or_raise(FACES, which, "a.jpg")
    with pytest.raises(UserError, match="a.jpg: no face found"):
        select_or_raise([], "all", "a.jpg")
    with pytest.raises(UserError):
        check_which("left")


def test_a_selection_holds_while_the_face_is_tracked():
    one, two = TrackedFace(1, face_at(0, 60)), TrackedFace(2, face_at(100, 50))
    nearer = TrackedFace(2, face_at(100, 90))
    largest = ClipSelection("largest")
    assert largest([two, one]) == [one] and largest([nearer, one]) == [one], "does not jump to a face that comes nearer"
    assert largest([]) == [] and largest([nearer, one]) == [one], "nor after a frame without faces"
    assert largest([nearer]) == [nearer] and largest([nearer, one]) == [nearer], "until it is gone"
    leftmost, crossed = ClipSelection("0"), TrackedFace(1, face_at(200, 60))
    assert leftmost([one, two]) == [one] and leftmost([two, crossed]) == [crossed]
    assert ClipSelection("all")([one, two]) == [one, two] and ClipSelection(1)([RIGHT, LEFT]) == [RIGHT]
    with pytest.raises(UserError):
        ClipSelection("left")
