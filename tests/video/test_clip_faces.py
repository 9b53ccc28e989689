"""The faces of a clip: what is remembered of them lives as long as their tracks."""

import cv2
import numpy as np
import pytest

from paddle_mfs.video.clip_faces import ClipFaces

TILE = 64  # pixels, side of a picture of a face and its surroundings


class Remembering:
    """A swapper that paints nothing and keeps the memories it was given of each frame's faces."""

    default_face = "all"

    def __init__(self, analyser):
        self.analyser, self.frames = analyser, []

    def patches(self, image, faces, memory):
        self.frames.append(({id(memory.of(face)): memory.of(face) for face in faces}, len(memory)))
        return []


@pytest.fixture
def remembering(swapper):
    return Remembering(swapper.analyser)


def crowd(face, count):
    """`count` faces in rows of eight, (H, W, 3) uint8 RGB."""
    rows, small = -(-count // 8), cv2.resize(face, (TILE, TILE), interpolation=cv2.INTER_AREA)
    image = np.full((rows * TILE, 8 * TILE, 3), 120, np.uint8)
    for number in range(count):
        y, x = divmod(number, 8)
        image[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE] = small
    return image


@pytest.mark.parametrize("count", [17, 40])
def test_a_crowd_has_one_memory_a_face(remembering, face_picture, count):
    image, faces = crowd(face_picture, count), ClipFaces(remembering)
    for number in range(10):
        found = faces.find(image, number / 25)
        assert len(found.selected) == len(found.ids) == count
        faces.paint(image, found)
    made = {}
    for memories, _ in remembering.frames:
        made.update(memories)
    assert len(made) == count


def test_a_face_is_forgotten_when_its_track_ends_and_not_while_it_is_lost_for_a_moment(remembering, face_picture):
    """Found many frames ahead of being painted, as it may be in the pipeline."""
    image, faces = crowd(face_picture, 2), ClipFaces(remembering)
    hidden = image.copy()
    hidden[:, TILE:] = 120
    shown = [image, *[hidden] * 5, *[image] * 10, *[hidden] * 30, *[image] * 10]
    found = [faces.find(one, number / 25) for number, one in enumerate(shown)]
    for one, frame in zip(shown, found):
        faces.paint(one, frame)
    seen, kept = zip(*remembering.frames)
    assert [len(memories) for memories in seen[:6]] == [2, 1, 1, 1, 1, 1] and set(kept[:16]) == {2}
    assert seen[15].keys() == seen[0].keys(), "the same face again, with what was known of it"
    assert kept[45] == 1 and kept[-1] == 2 and len(seen[-1].keys() & seen[0].keys()) == 1
