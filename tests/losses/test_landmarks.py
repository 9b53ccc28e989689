"""L_landmarks on real faces: it knows a moved mesh, and its gradient reaches the picture."""

import cv2
import numpy as np
import pytest

from paddle_mfs.data.crops import prepare
from paddle_mfs.losses.landmarks import Landmarks
from paddle_mfs.models import create_model
from tests.losses.conftest import tensor


@pytest.fixture(scope="module")
def loss():
    return Landmarks(create_model("facemesh", weights="bundled"))


@pytest.fixture(scope="module")
def face(samples, tmp_path_factory):
    """An aligned crop, (224, 224, 3) uint8 RGB, and its landmarks in the crop's pixels."""
    folder = tmp_path_factory.mktemp("face")
    (folder / "a.jpg").write_bytes((samples / "target.jpg").read_bytes())
    crops = prepare(folder)
    return crops.images[0], crops.landmarks[0]


def test_landmarks_are_those_of_the_crop(loss, face):
    image, landmarks = face
    found = loss.landmarks(tensor(image))[0].numpy() * 224
    assert np.abs(found - landmarks).mean() < 6


@pytest.mark.parametrize("size", [128, 192, 224])
def test_a_shift_costs_its_length(loss, face, size):
    image = cv2.resize(face[0], (size, size), interpolation=cv2.INTER_AREA)
    pixels = size // 32
    moved = np.roll(image, pixels, 1)
    assert float(loss.distance(tensor(image), tensor(image))) < 1e-5
    assert float(loss.distance(tensor(moved), tensor(image))) == pytest.approx(pixels / size, rel=0.35)


def test_a_step_against_the_gradient_brings_the_mesh_back(loss, face):
    image = tensor(face[0])
    moved = tensor(np.roll(face[0], 3, 0))
    moved.stop_gradient = False
    cost = loss.distance(moved, image)
    cost.backward()
    better = moved - 0.01 * moved.grad / moved.grad.abs().max()
    assert float(loss.distance(better, image)) < float(cost)
