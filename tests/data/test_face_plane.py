"""The plane before a face: where its places are, forth and back, mirrored, and of a turned head."""

import numpy as np
import pytest

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.face.regions import EYE_LEFT_OUTER, EYE_RIGHT_OUTER, MOUTH_LEFT, MOUTH_RIGHT

PLACES = np.array([(0, 0), (-1, 0), (1, 0.2), (0.5, 1.4), (-1.3, -0.4)])


def test_eyes_and_mouth_are_where_the_docstring_says(crop):
    plane = FacePlane(crop.landmarks)
    eyes = plane.of(crop.landmarks[[EYE_LEFT_OUTER, EYE_RIGHT_OUTER]])
    mouth = plane.of(crop.landmarks[[MOUTH_LEFT, MOUTH_RIGHT]].mean(0))
    np.testing.assert_allclose(eyes, [(-1, 0), (1, 0)], atol=0.15)
    np.testing.assert_allclose(mouth, (0, 1.45), atol=0.2)


def test_pixels_and_back(crop):
    plane = FacePlane(crop.landmarks)
    np.testing.assert_allclose(plane.of(plane.at(PLACES)), PLACES, atol=1e-9)


@pytest.mark.parametrize("way", ["at", "beside"])
def test_a_mirrored_face_has_the_mirrored_plane(crop, way):
    plane, other = FacePlane(crop.landmarks), FacePlane(mirrored(*crop).landmarks)
    here, there = getattr(plane, way)(PLACES), getattr(other, way)(PLACES)
    np.testing.assert_allclose(there, here * (-1, 1) + (223, 0), atol=1e-3)
    assert (plane.side, other.side) == (1, -1)


def test_the_far_half_of_a_turned_head_is_narrower(crop):
    turned = crop.landmarks.copy()
    middle = FacePlane(turned).origin[0]
    right = turned[:, 0] > middle
    turned[right, 0] = middle + 0.5 * (turned[right, 0] - middle)
    (left, _), (zero, _), (near, _) = FacePlane(turned).at(np.array([(-1, 0), (0, 0), (1, 0)]))
    assert (near - zero) < 0.8 * (zero - left)
    turned_too = FacePlane(turned)
    np.testing.assert_allclose(turned_too.of(turned_too.at(PLACES)), PLACES, atol=1e-9)
