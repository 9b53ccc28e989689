"""What is remembered of tracked faces, and for how long."""

import numpy as np

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.swap.memory import ClipMemory

FACE = Face(np.zeros(4, np.float32), 1.0, np.zeros((468, 3)), np.zeros((5, 2)), 1.0)


def test_a_tracked_face_is_remembered_and_another_is_not():
    memory = ClipMemory()
    first = memory.of(TrackedFace(0, FACE))
    assert memory.of(TrackedFace(0, FACE)) is first is not memory.of(TrackedFace(1, FACE))
    assert memory.of(FACE) is not memory.of(FACE) and len(memory) == 2


def test_any_number_of_faces_is_remembered_as_long_as_they_are_tracked():
    memory, ids = ClipMemory(), range(1000)
    first = [memory.of(TrackedFace(number, FACE)) for number in ids]
    memory.keep(ids)
    assert all(memory.of(TrackedFace(number, FACE)) is known for number, known in zip(ids, first))
    memory.keep({3, 5, 5000})
    assert len(memory) == 2 and memory.of(TrackedFace(3, FACE)) is first[3]
    assert memory.of(TrackedFace(4, FACE)) is not first[4]
