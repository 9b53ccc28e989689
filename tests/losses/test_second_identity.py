"""The second recogniser knows made-up people again in another pose, and its gradient reaches the picture."""

import pytest

from paddle_mfs.data.crops import load_crops
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.losses.second_identity import SecondIdentity, SecondRecogniser
from paddle_mfs.losses.term import Resources
from paddle_mfs.models import create_model
from paddle_mfs.utils.config import Config
from tests.losses.conftest import tensor


@pytest.fixture(scope="module")
def crops(root):
    return load_crops(root / "tests" / "fixtures" / "identities")


@pytest.fixture(scope="module")
def loss(crops):
    recogniser = SecondRecogniser(create_model("age", weights="bundled"), crops.images)
    return SecondIdentity(recogniser, IdentityCache(recogniser, crops))


def test_the_same_person_is_nearer_than_others(loss, crops):
    people = [name.split("_")[0] for name in crops.names]
    same, other = [], []
    for source in range(len(crops)):
        distances = loss.distance(tensor(crops.images), [2 * source]).numpy()
        assert distances[source] == pytest.approx(0, abs=1e-4)
        for target, value in enumerate(distances):
            if target != source:
                (same if people[target] == people[source] else other).append(value)
    assert same and other and max(same) + 0.2 < min(other)


def test_each_target_is_held_against_its_own_source(loss, crops):
    images = tensor(crops.images[[0, 0, 3, 3]])
    assert loss.distance(images, [0, 6]).numpy().max() < 1e-4 < loss.distance(images, [6, 0]).numpy().min()
    assert loss.distance(images.flip(3), [1, 7]).numpy().max() < 1e-4  # odd keys: mirror images


def test_a_step_against_the_gradient_comes_nearer(loss, crops):
    image = tensor(crops.images[0])
    image.stop_gradient = False
    cost = loss.distance(image, [6]).sum()
    cost.backward()
    better = image - 0.01 * image.grad / image.grad.abs().max()
    assert float(loss.distance(better, [6]).sum()) < float(cost)


def test_it_takes_its_share_at_reverse_pairs_from_the_config(crops):
    """objective.Objective weighs by it, see tests/engine/test_objective.py."""
    resources = Resources(Config({"identity_on_reverse": 0.25}), lambda count: crops.images[:2], lambda network: None)
    assert SecondIdentity.build(resources).on_reverse == 0.25
