"""A hidden head: nothing fine of it is left, nothing else is touched."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.geometry import invert, transform
from paddle_mfs.face.hide import hidden
from paddle_mfs.face.paste import paste
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.models.idn import SIZE


@pytest.fixture(scope="module")
def face(swapper, target):
    return swapper.analyser.largest(target)


def hide(image, face, grown=1.0):
    return paste(image, *hidden(image, face, SIZE, grown))


def test_no_detail_is_left_in_the_oval(target, face):
    result, oval = hide(target, face), oval_mask(face.landmarks, *target.shape[:2]) > 0

    def detail(image):
        return np.abs(np.diff(image.astype(int), axis=1))[oval[:, 1:]].mean()

    assert detail(result) < detail(target) / 4 and detail(result) < 1


def test_a_pixel_of_the_face_shows_nowhere(target, face):
    """Had the picture a share of its own, a pixel would stand out where it was."""
    x, y = face.five[2].round().astype(int)
    other = target.copy()
    other[y, x] = 255 - other[y, x]
    assert np.abs(hide(other, face).astype(int) - hide(target, face)).max() <= 1


def test_what_is_far_from_the_head_stays(target, face):
    target = cv2.copyMakeBorder(target, 200, 200, 200, 200, cv2.BORDER_REFLECT)
    face = Face.of(face.landmarks + np.float32([200, 200, 0]), face.score, face.presence)
    patch = hidden(target, face, SIZE)
    corners = transform(np.array([[0, 0], [SIZE, 0], [SIZE, SIZE], [0, SIZE]], np.float64), invert(patch[1]))
    low, high = np.floor(corners.min(0)).astype(int) - 2, np.ceil(corners.max(0)).astype(int) + 2
    changed = np.argwhere((paste(target, *patch) != target).any(2))[:, ::-1]
    assert len(changed) and (changed >= low).all() and (changed <= high).all()
    assert (hide(target, face, 1.4) != target).any(2).sum() > 1.2 * len(changed)
