"""Colour and mouth of painted crops, on real faces."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.colour import Colour, apply_colour, match_colour
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.mouth import open_mouth
from paddle_mfs.face.occlusion import occlusion
from paddle_mfs.face.regions import INNER_LIPS, OUTER_LIPS, oval_mask, region_mask

SIZE = 224


@pytest.fixture(scope="module")
def crop_and_landmarks(reference_image, reference):
    crop, matrix = align(reference_image, reference.five, SIZE)
    return crop, transform(reference.landmarks[:, :2].astype(np.float64), matrix)


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


def test_an_open_mouth_is_kept_and_a_closed_one_is_not(crop_and_landmarks):
    _, landmarks = crop_and_landmarks
    lips, middle = landmarks[INNER_LIPS], landmarks[INNER_LIPS].mean(0)

    def opened(share):
        """The same face, the height of the inner lips set to a share of the mouth's width."""
        changed = landmarks.copy()
        scale = share * np.linalg.norm(landmarks[291] - landmarks[61]) / np.linalg.norm(landmarks[14] - landmarks[13])
        changed[INNER_LIPS] = middle + (lips - middle) * [1, scale]
        return changed

    assert (open_mouth(opened(0.02), SIZE) == 0).all()
    weak, full = open_mouth(opened(0.1), SIZE), open_mouth(opened(0.3), SIZE)
    assert 0.2 < weak.max() < 0.8 and full.max() > 0.99
    inside = region_mask(opened(0.3), INNER_LIPS, SIZE, SIZE) > 0
    assert (
        full[inside].mean() > 0.7
        and full[~cv2.dilate(inside.astype(np.uint8), np.ones((13, 13))).astype(bool)].max() < 1e-3
    )
    rising = [open_mouth(opened(share), SIZE).sum() for share in np.linspace(0.05, 0.15, 11)]
    assert (np.diff(rising) >= 0).all(), "no jump between closed and open"


@pytest.fixture(scope="module")
def plain_faces(analyser, root):
    """(crop, landmarks) of the twelve sample faces, none of them covered."""
    made = []
    for path in sorted((root / "samples" / "faces").glob("*.jpg")):
        image = read_image(path)
        face = analyser.largest(image)
        crop, matrix = align(image, face.five, SIZE)
        made.append((crop, transform(face.landmarks[:, :2].astype(np.float64), matrix)))
    return made


def test_uncovered_faces_are_painted(plain_faces):
    kept = [occlusion(*face)[oval_mask(face[1], SIZE, SIZE) > 0].mean() for face in plain_faces]
    assert np.median(kept) == 0 and np.mean(kept) < 0.03, kept


@pytest.mark.parametrize("colour", [(35, 35, 38), (235, 235, 230), (90, 160, 200)])
def test_a_disc_over_the_mouth_is_seen(plain_faces, colour):
    shares = []
    for crop, landmarks in plain_faces:
        truth, centre = np.zeros((SIZE, SIZE), np.uint8), landmarks[OUTER_LIPS].mean(0) + [5, 10]
        cv2.circle(truth, tuple(np.rint(centre).astype(int).tolist()), 30, 1, -1)
        covered = np.where(truth[..., None] > 0, np.uint8(colour), crop)
        inside = (truth > 0) & (oval_mask(landmarks, SIZE, SIZE) > 0)
        shares.append(occlusion(covered, landmarks)[inside].mean())
    assert np.mean(shares) > 0.8 and np.median(shares) > 0.9, shares
