"""The target's colour for painted crops, on a real face."""

import cv2
import numpy as np

from paddle_mfs.face.colour import Colour, apply_colour, match_colour
from paddle_mfs.face.regions import oval_mask

SIZE = 224


def lab(image, region):
    return cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2LAB)[region]


def test_colour_is_brought_to_the_target(crop_and_landmarks):
    crop, landmarks = crop_and_landmarks
    oval, mask = oval_mask(landmarks, SIZE, SIZE) > 0, np.ones((SIZE, SIZE), np.float32)
    goal = crop / np.float32(255)
    painted = (goal * np.float32([0.5, 0.7, 0.9])).astype(np.float32)  # under blue light
    colour = match_colour(crop, painted, mask, landmarks)
    far, near = (
        np.abs(lab(x, oval).mean(0) - lab(goal, oval).mean(0)).max() for x in (painted, apply_colour(painted, colour))
    )
    half = np.abs(lab(apply_colour(painted, colour, 0.5), oval).mean(0) - lab(goal, oval).mean(0)).max()
    assert far > 15 and near < 1.5 and near < half < far, (far, half, near)
    assert np.abs(apply_colour(painted, colour, 0) - painted).max() < 2e-3
    same = match_colour(crop, goal, mask, landmarks)
    assert np.allclose(same.gain, 1, atol=1e-4) and np.allclose(same.offset, 0, atol=1e-2)


def test_only_the_painted_face_counts_for_the_colour(crop_and_landmarks):
    crop, landmarks = crop_and_landmarks
    painted, mask = crop[..., ::-1] / np.float32(255), np.zeros((SIZE, SIZE), np.float32)
    nothing = match_colour(crop, painted, mask, landmarks)
    assert (nothing.gain == 1).all() and (nothing.offset == 0).all()
    mask[60:160, 60:160] = 1
    one, other = painted.copy(), painted.copy()
    other[mask == 0] = 0
    one, other = (match_colour(crop, x, mask, landmarks) for x in (one, other))
    assert (one.gain == other.gain).all() and (one.offset == other.offset).all()


def test_colour_moves_slowly():
    a, b = Colour(np.ones(3), np.zeros(3)), Colour(np.full(3, 2.0), np.full(3, 10.0))
    moved = a.towards(b, 0.1)
    assert np.allclose(moved.gain, 1.1) and np.allclose(moved.offset, 1)
