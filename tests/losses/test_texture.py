"""L_texture on a real face: blind to where detail lies, not to how much there is."""

import cv2
import numpy as np
import pytest

from paddle_mfs.losses.texture import EPSILON, detail, texture_loss
from tests.losses.conftest import tensor


@pytest.fixture(scope="module")
def face(target):
    return cv2.resize(target, (224, 224), interpolation=cv2.INTER_AREA)


def test_detail_of_a_known_pattern():
    """On a checkerboard of 0 and 1 the Laplacian is 4 or -4 everywhere, on a ramp it is 0."""
    rows, columns = np.mgrid[:32, :32]
    board = np.repeat(((rows + columns) % 2 * 255)[..., None], 3, 2)
    assert np.allclose(detail(tensor(board)).numpy(), 4, atol=1e-4)
    assert np.allclose(detail(tensor(np.repeat((columns * 8)[..., None], 3, 2))).numpy(), EPSILON**0.5, atol=1e-3)


def test_softer_and_noisier_both_cost(face):
    taught = tensor(face)
    soft = [float(texture_loss(tensor(cv2.GaussianBlur(face, (0, 0), sigma)), taught)) for sigma in (0.5, 1, 2)]
    noise = np.random.RandomState(0).normal(0, 12, face.shape)
    assert 0 < soft[0] < soft[1] < soft[2] and float(texture_loss(taught, taught)) == 0
    assert float(texture_loss(tensor((face + noise).clip(0, 255)), taught)) > soft[0]


def test_a_step_against_the_gradient_sharpens(face):
    taught, soft = tensor(face), tensor(cv2.GaussianBlur(face, (0, 0), 1.0))
    soft.stop_gradient = False
    loss = texture_loss(soft, taught)
    loss.backward()
    better = soft - 0.01 * soft.grad / soft.grad.abs().max()
    assert float(texture_loss(better, taught)) < float(loss) and float(detail(better).mean()) > float(
        detail(soft).mean()
    )
