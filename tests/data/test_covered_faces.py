"""What the occlusion segmenter learns from: where things are drawn is marked, where nobody knows is told."""

import numpy as np
import pytest

from paddle_mfs.data.covered_faces import CoveredFaces, cover, misaligned
from paddle_mfs.data.crops import Crops
from paddle_mfs.face.occlusion import face_reach
from paddle_mfs.face.regions import LEFT_BROW, RIGHT_BROW


@pytest.fixture(scope="module")
def faces(crop):
    return Crops(crop.image[None], np.asarray(crop.landmarks, np.float32)[None, :, :2], ["a.jpg"])


def test_what_is_drawn_is_marked_and_spectacles_are_not(crop):
    plain = cover(crop, np.random.default_rng(0))
    assert plain.image is crop.image and not plain.covered.any()
    worn = cover(crop, np.random.default_rng(0), spectacles=True)
    assert (worn.image != crop.image).any() and not worn.covered.any()
    masked = cover(crop, np.random.default_rng(0), ["mask"])
    changed = (masked.image != crop.image).any(-1)
    assert 0.1 < masked.covered.mean() < changed.mean() and (changed[masked.covered]).mean() > 0.99
    both = cover(crop, np.random.default_rng(0), ["mask", "blob"])
    assert (both.covered & masked.covered).sum() == masked.covered.sum() < both.covered.sum()


def test_known_is_the_face_without_its_own_hair(crop):
    size, landmarks = crop.image.shape[0], crop.landmarks[:, :2]
    reach = face_reach(landmarks, size)
    image = crop.image.copy()
    brows = int(landmarks[LEFT_BROW + RIGHT_BROW, 1].min())
    image[: brows - 12] = 10  # a fringe of the face's own
    image[brows + 60 : brows + 70] = 10  # further down it is whatever it is, but known
    made = cover(crop._replace(image=image), np.random.default_rng(0))
    assert not made.known[~reach].any() and not made.known[: brows - 12].any()
    assert (made.known[brows + 5 :] == reach[brows + 5 :]).all()
    hidden = cover(crop._replace(image=image), np.random.default_rng(3), ["hair"])
    assert (hidden.known >= (hidden.covered & reach)).all() and (hidden.known & hidden.covered)[: brows - 12].any()


def test_samples_are_functions_of_seed_and_number(faces):
    samples = CoveredFaces(faces, 1.0, 0.5, 0.5, seed=3)
    image, covered, known = samples.sample(5)
    assert image.shape == (112, 112, 3) and image.dtype == np.uint8
    assert covered.shape == known.shape == (112, 112) and covered.dtype == known.dtype == np.float32
    again, other = CoveredFaces(faces, 1.0, 0.5, 0.5, seed=3).sample(5), samples.sample(6)
    assert all((one == two).all() for one, two in zip((image, covered, known), again))
    assert (other[0] != image).any()
    assert not CoveredFaces(faces, 0.0, 1.0, 1.0).sample(0)[1].any()


def test_shares(faces):
    samples = CoveredFaces(faces, 0.5, 0.0, 0.0)
    assert 0.25 < np.mean([samples.sample(number)[1].any() for number in range(32)]) < 0.75


def test_misaligned_moves_landmarks_with_the_picture(crop):
    moved = misaligned(crop, np.random.default_rng(1))
    assert np.abs(moved.landmarks - crop.landmarks[:, :2]).max() > 1

    def colours(face):
        x, y = np.rint(face.landmarks[[4, 33, 263, 61, 291, 205, 425], :2]).astype(int).T
        return face.image[y, x].astype(int)

    assert np.abs(colours(moved) - colours(crop)).mean() < 12
