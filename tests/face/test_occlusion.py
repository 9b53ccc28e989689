"""What lies before a face: next to nothing on the sample faces, until something is drawn over them."""

import cv2
import numpy as np
import pytest

from paddle_mfs.data.covered_faces import cover
from paddle_mfs.engine.occlusion_trainer import finder as finder_of
from paddle_mfs.face.align import AlignedFace, aligned_face
from paddle_mfs.face.image import read_image
from paddle_mfs.face.occlusion import OcclusionFinder, face_reach
from paddle_mfs.face.regions import OVAL, oval_mask
from paddle_mfs.models import create_model

SIZE = 224


@pytest.fixture(scope="module")
def finder():
    return OcclusionFinder()


@pytest.fixture(scope="module")
def uncovered_faces(analyser, root):
    """The twelve sample faces, none of them covered, none of them trained on."""
    images = [read_image(path) for path in sorted((root / "samples" / "faces").glob("*.jpg"))]
    return [aligned_face(image, analyser.largest(image), SIZE) for image in images]


def found_of(finder, made):
    found = finder(made.image, made.landmarks)
    assert found.shape == (SIZE, SIZE) and found.dtype == np.float32 and 0 <= found.min() <= found.max() <= 1
    return found


@pytest.mark.parametrize("spectacles", [False, True])
def test_uncovered_faces_are_painted(finder, uncovered_faces, spectacles):
    """Spectacles, drawn or their own, and beards are part of them."""
    kept = []
    for number, face in enumerate(uncovered_faces):
        made = cover(AlignedFace(*face), np.random.default_rng(number), (), spectacles)
        kept.append(found_of(finder, made)[oval_mask(made.landmarks, SIZE, SIZE) > 0].mean())
    assert np.median(kept) < 0.005 and np.mean(kept) < 0.02, kept


@pytest.mark.parametrize(
    "kind, floor", [("hand", 0.6), ("hair", 0.3), ("cup", 0.6), ("mask", 0.8), ("scarf", 0.7), ("blob", 0.5)]
)
def test_what_is_drawn_is_found(finder, uncovered_faces, kind, floor):
    both = either = 0
    for number, face in enumerate(uncovered_faces[::3]):
        made = cover(AlignedFace(*face), np.random.default_rng([7, number]), [kind])
        found = found_of(finder, made) > 0.5
        both += (found & made.covered & made.known).sum()
        either += ((found | made.covered) & made.known).sum()
    assert both > floor * either, both / either


@pytest.mark.parametrize("engine", ["openvino", "paddle", "lite"])
def test_every_engine_finds_the_same(engine, uncovered_faces):
    made = cover(AlignedFace(*uncovered_faces[0]), np.random.default_rng(0), ["hand"])
    wanted = finder_of(create_model("occlusion", weights="bundled")).probability(made.image)
    found = OcclusionFinder(engine=engine).probability(made.image)
    assert wanted.max() > 0.9 and np.abs(found - wanted).max() < 1e-3


def test_nothing_is_found_beyond_the_face(finder, uncovered_faces):
    image, landmarks = uncovered_faces[0]
    noise = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    reach = face_reach(landmarks, SIZE)
    oval = oval_mask(landmarks, SIZE, SIZE) > 0
    assert (reach & oval == oval).all() and 1.02 * oval.sum() < reach.sum() < 1.25 * oval.sum()
    found = finder(noise, landmarks)
    far = cv2.dilate(reach.astype(np.uint8), np.ones((17, 17), np.uint8)) == 0  # further than it is feathered
    assert found.any() and not found[far].any()


def test_a_network_of_ones_own():
    """Unsure is nothing, sure is all."""
    landmarks = np.zeros((468, 2))
    turn = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    landmarks[OVAL] = 112 + 80 * np.stack([np.sin(turn), -np.cos(turn)], 1)
    crop = np.zeros((SIZE, SIZE, 3), np.uint8)
    for probability, kept in ((0.25, 0), (0.5, 0.5), (0.75, 1)):
        found = OcclusionFinder(lambda x, p=probability: [np.full((1, 1, 112, 112), p, np.float32)])(crop, landmarks)
        assert found[112, 112] == pytest.approx(kept, abs=1e-5) and found[0, 0] == 0
