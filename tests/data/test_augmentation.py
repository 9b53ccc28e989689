"""Augmentation: target and wanted picture alike, and nothing at probability 0."""

import numpy as np
import pytest

from paddle_mfs.data import augmentation
from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.augmentation import Augmentation
from paddle_mfs.data.lighting import change_light
from paddle_mfs.data.occluders import draw_occluder
from paddle_mfs.data.spectacles import draw_spectacles
from paddle_mfs.face.regions import skin_colour

DRAWERS = {
    "spectacles": lambda crop, rng: draw_spectacles(crop.landmarks, 224, rng),
    "occluders": lambda crop, rng: draw_occluder(crop.landmarks, 224, rng, skin=skin_colour(*crop)),
}


@pytest.fixture(scope="module")
def wanted(crop):
    """Another face in place of the target's: the same size, other pixels everywhere."""
    return 255 - crop.image


def test_with_all_at_0_the_pictures_themselves_and_no_random_number(crop, wanted):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    first, second, covered = Augmentation()(crop.image, wanted, crop.landmarks, rng)
    assert first is crop.image and second is wanted and not covered.any()
    assert not Augmentation() and Augmentation(light=0.1)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("part", DRAWERS)
def test_the_same_layer_on_both(crop, wanted, part):
    opaque = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rng.random()  # whether
        alpha = DRAWERS[part](crop, rng).alpha[..., 0]
        first, second, covered = Augmentation(**{part: 1.0})(
            crop.image, wanted, crop.landmarks, np.random.default_rng(seed)
        )
        np.testing.assert_array_equal(covered, alpha > 0.5)
        assert (first[alpha == 1] == second[alpha == 1]).all()
        np.testing.assert_array_equal(first[alpha == 0], crop.image[alpha == 0])
        np.testing.assert_array_equal(second[alpha == 0], wanted[alpha == 0])
        opaque += (alpha == 1).sum()
        apart = np.abs(crop.image.astype(int) - wanted)
        left = np.abs(first.astype(int) - second) - (1 - alpha[..., None]) * apart
        assert np.abs(left).max() <= 1.01  # rounding
    assert opaque > 1000


def test_the_same_light_on_both(crop):
    for seed in range(10):
        first, second, _ = Augmentation(light=1)(crop.image, crop.image, crop.landmarks, np.random.default_rng(seed))
        np.testing.assert_array_equal(first, second)
        assert (first != crop.image).any()


def test_light_falls_on_what_lies_on_the_face(crop, monkeypatch):
    order = []
    for name, real in (
        ("draw_spectacles", draw_spectacles),
        ("draw_occluder", draw_occluder),
        ("change_light", change_light),
    ):
        monkeypatch.setattr(augmentation, name, lambda *a, n=name, f=real, **k: order.append(n) or f(*a, **k))
    Augmentation(1, 1, 1)(crop.image, crop.image, crop.landmarks, np.random.default_rng(0))
    assert order == ["draw_spectacles", "draw_occluder", "change_light"]


def test_the_same_numbers_do_the_same_and_inputs_are_not_written_to(crop, wanted):
    before = crop.image.copy(), wanted.copy(), crop.landmarks.copy()
    every = Augmentation(0.5, 0.5, 0.5)
    for seed in range(8):
        runs = [every(crop.image, wanted, crop.landmarks, np.random.default_rng(seed)) for _ in range(2)]
        assert all(np.array_equal(a, b) for a, b in zip(*runs))
    assert all(np.array_equal(a, b) for a, b in zip(before, (crop.image, wanted, crop.landmarks)))


def test_probabilities_are_kept(crop, monkeypatch):
    counts = dict.fromkeys(("draw_spectacles", "draw_occluder", "change_light"), 0)

    def count(name, made):
        counts[name] += 1
        return made

    nothing = augmentation.draw_spectacles(crop.landmarks, 224, np.random.default_rng(0))
    monkeypatch.setattr(augmentation, "lay", lambda image, layer: image)
    monkeypatch.setattr(augmentation, "draw_spectacles", lambda *a, **k: count("draw_spectacles", nothing))
    monkeypatch.setattr(augmentation, "draw_occluder", lambda *a, **k: count("draw_occluder", nothing))
    monkeypatch.setattr(augmentation, "change_light", lambda *a, **k: count("change_light", lambda image: image))
    rng, some = np.random.default_rng(0), Augmentation(0.2, 0.5, 0.8)
    for _ in range(500):
        some(crop.image, crop.image, crop.landmarks, rng)
    np.testing.assert_allclose([n / 500 for n in counts.values()], [0.2, 0.5, 0.8], atol=0.06)


def test_skin_is_the_cheeks_colour_and_the_same_mirrored(crop):
    skin = skin_colour(*crop)
    np.testing.assert_allclose(skin_colour(*mirrored(*crop)), skin, atol=4)
    assert skin[0] > skin[1] > skin[2] > 20
    assert skin_colour(np.full_like(crop.image, 90), crop.landmarks + 500).tolist() == [90, 90, 90]
