"""Light: alike on both pictures, its noise too; the same for the same numbers; nothing gets lost in it."""

import numpy as np
import pytest

from paddle_mfs.data.lighting import Light, change_light

SEEDS = range(60)


def lights():
    return [change_light(np.random.default_rng(seed), 224) for seed in SEEDS]


def plain(**changes):
    tones = np.repeat(np.arange(256, dtype=np.float32)[None, :, None], 3, 2)
    return Light(tones, None, None, 0.0, 0)._replace(**changes)


def test_the_plain_light_changes_nothing(crop):
    np.testing.assert_array_equal(plain()(crop.image), crop.image)


def test_pictures_that_are_equal_stay_equal_and_are_not_written_to(crop):
    before = crop.image.copy()
    for light in lights():
        first, second = light(crop.image), light(crop.image.copy())
        assert first.dtype == np.uint8 and first.shape == crop.image.shape
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(crop.image, before)


def test_what_is_equal_in_two_pictures_stays_so_far_from_what_is_not(crop):
    other = crop.image.copy()
    other[80:120, 90:150] = 255 - other[80:120, 90:150]
    for light in lights():
        difference = np.abs(light(crop.image).astype(int) - light(other)).max(-1)
        assert difference[:50].max() == difference[150:].max() == difference[:, 180:].max() == 0
        assert difference[85:115, 95:145].max() > 0


def test_both_get_the_same_noise():
    low, high = (np.full((64, 64, 3), value, np.uint8) for value in (100, 140))
    noise = np.random.default_rng(0).normal(0, 8, (64, 64, 3)).astype(np.float32)
    light = plain(noise=noise)
    assert light(low).std() > 5
    np.testing.assert_array_equal(light(high) - light(low), 40)


def test_the_same_numbers_make_the_same_light(crop):
    first, second = (change_light(np.random.default_rng(7), 224)(crop.image) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first.astype(int) - change_light(np.random.default_rng(8), 224)(crop.image)).mean() > 1


def test_every_part_occurs_and_is_absent():
    for part in ("fall", "noise", "blur", "quality"):
        there = [getattr(light, part) is not None and bool(np.any(getattr(light, part))) for light in lights()]
        assert 0.1 < np.mean(there) < 0.7, part


def test_faces_stay_to_be_seen(crop):
    for light in lights():
        seen = light(crop.image)
        grey = seen.mean(-1)
        assert 15 < grey.mean() < 250 and grey.std() > 8
        assert np.corrcoef(grey.ravel(), crop.image.mean(-1).ravel())[0, 1] > 0.5


def test_some_are_dark_some_bright_some_coloured(crop):
    means = np.array([light(crop.image).mean((0, 1)) for light in lights()]) / crop.image.mean((0, 1))
    assert means.mean(1).min() < 0.55 and means.mean(1).max() > 1.15
    warmth = means[:, 0] / means[:, 2]
    assert warmth.min() < 0.9 and warmth.max() > 1.1


@pytest.mark.parametrize("part", [{"blur": 1.5}, {"quality": 30}])
def test_blur_and_jpeg_take_detail_away(crop, part):
    def detail(image):
        return np.abs(np.diff(image.astype(float), axis=0)).mean()

    spoilt = plain(**part)(crop.image)
    assert detail(spoilt) < detail(crop.image)
    np.testing.assert_allclose(spoilt.mean((0, 1)), crop.image.mean((0, 1)), atol=2)  # R stays R


def test_noise_is_as_large_as_the_crop():
    light = next(
        light for light in (change_light(np.random.default_rng(seed), 96) for seed in SEEDS) if np.any(light.noise)
    )
    assert light(np.zeros((96, 96, 3), np.uint8)).shape == (96, 96, 3)
