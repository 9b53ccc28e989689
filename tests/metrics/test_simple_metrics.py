"""Sharpness, shape, background and statistics on cases with known answers."""

import cv2
import numpy as np
import pytest

from paddle_mfs.metrics import background, shape, sharpness, statistics


@pytest.fixture
def oval():
    return cv2.ellipse(np.zeros((224, 224), np.uint8), (112, 120), (70, 90), 0, 0, 360, 255, -1)


@pytest.fixture
def picture():
    return np.random.RandomState(0).randint(0, 256, (224, 224, 3), np.uint8)


def test_sharpness_is_one_for_the_target_itself_and_falls_with_blur(picture, oval):
    assert sharpness.sharpness(picture, picture, oval) == 1
    soft = sharpness.sharpness(cv2.GaussianBlur(picture, (0, 0), 1), picture, oval)
    softer = sharpness.sharpness(cv2.GaussianBlur(picture, (0, 0), 2), picture, oval)
    assert 0 < softer < soft < 0.5


def test_sharpness_looks_only_at_the_core_of_the_face(picture, oval):
    changed = np.where(sharpness.core_mask(oval)[..., None], picture, 0).astype(np.uint8)
    rim = (oval > 0) & ~sharpness.core_mask(oval)
    assert rim.sum() > 1000
    # The Laplacian at the core's edge reaches one pixel outside it, hence not exactly 1.
    assert sharpness.sharpness(changed, picture, oval) == pytest.approx(1, abs=0.2)
    assert sharpness.sharpness(np.full_like(picture, 90), picture, oval) == 0


def test_shape_ignores_a_similarity_and_measures_the_rest():
    target = np.random.RandomState(1).uniform(20, 200, (468, 3))
    angle = np.deg2rad(20)
    turned = 1.3 * target[:, :2] @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + [5, -9]
    assert shape.shape_error(turned, target) == pytest.approx(0, abs=1e-3)
    noise = np.random.RandomState(2).normal(0, 1.8, (468, 2))  # 1.8 px an axis = RMS 2.55 px; the width is 180 px
    assert shape.shape_error(target[:, :2] + noise, target) == pytest.approx(1000 * 1.8 * 2**0.5 / 180, rel=0.1)


def test_background_is_capped_for_equal_pixels_and_ignores_the_face(picture, oval):
    assert background.background_psnr(picture, picture, oval) == background.CAP
    face_changed = np.where(oval[..., None] > 0, 0, picture).astype(np.uint8)
    assert background.background_psnr(face_changed, picture, oval) == background.CAP
    brighter = (picture.astype(int).clip(0, 253) + 2).astype(np.uint8)
    assert background.background_psnr(brighter, picture, oval) == pytest.approx(20 * np.log10(255 / 2), abs=0.1)


def test_an_error_is_measured_where_it_is_asked_for(picture):
    where = np.zeros(picture.shape[:2], bool)
    where[100:120] = True
    inside, outside = (np.where(mask[..., None], 255 - picture, picture) for mask in (where, ~where))
    assert background.squared_error(outside, picture, where) == 0 < background.squared_error(inside, picture, where)
    assert background.squared_error(inside, picture, np.zeros_like(where)) == 0


def test_interval_agrees_with_the_normal_one_and_repeats():
    values = np.random.RandomState(3).normal(0.5, 0.1, 200)
    found = statistics.mean_interval(values)
    half = 1.96 * values.std(ddof=1) / 200**0.5
    assert found["value"] == pytest.approx(values.mean())
    assert (found["low"], found["high"]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.2 * half)
    assert statistics.mean_interval(values) == found


def test_progress_knows_its_ends():
    random = np.random.RandomState(4)
    none, teacher = random.normal(0.8, 0.05, 50), random.normal(0.4, 0.05, 50)
    assert statistics.progress(none, none, teacher)["value"] == pytest.approx(0)
    assert all(value == pytest.approx(1) for value in statistics.progress(none, teacher, teacher).values())
    half = statistics.progress(none, (none + teacher) / 2, teacher)
    assert half == pytest.approx(
        {"value": 0.5, "low": 0.5, "high": 0.5}
    )  # every pair goes half the way, so every resample does


def test_the_bootstrap_agrees_with_the_interval_and_draws_pairs_together():
    values = np.random.RandomState(5).normal(0.5, 0.1, 200)

    def mean(rows, axis):
        return np.mean(rows, axis=axis)

    found = statistics.bootstrap(mean, values)
    assert found == pytest.approx(statistics.mean_interval(values), abs=2e-3)
    assert statistics.bootstrap(mean, values, seed=0) == found != statistics.bootstrap(mean, values, seed=1)

    def less(a, b, axis):
        return np.mean(a, axis=axis) - np.mean(b, axis=axis)

    paired = statistics.bootstrap(less, values + 0.01, values)
    assert paired == pytest.approx({"value": 0.01, "low": 0.01, "high": 0.01})  # of every pair, so of every resample
    assert statistics.bootstrap(mean, values[:1]) == {"value": values[0], "low": None, "high": None}
