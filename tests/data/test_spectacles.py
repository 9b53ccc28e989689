"""Spectacles: on the eyes, not on the mouth, the same for the same numbers, mirrored with the face."""

import cv2
import numpy as np
import pytest

from paddle_mfs.data import spectacles
from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.layer import lay
from paddle_mfs.data.spectacles import draw_spectacles
from paddle_mfs.face.regions import LEFT_EYE, OUTER_LIPS, OVAL, RIGHT_EYE, five_points, oval_mask, region_mask

SEEDS = range(40)


def drawn(crop, seed, landmarks=None, size=224):
    return draw_spectacles(crop.landmarks if landmarks is None else landmarks, size, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def layers(crop):
    return [drawn(crop, seed) for seed in SEEDS]


def test_shapes_and_ranges(layers):
    for alpha, colour in layers:
        assert alpha.shape == (224, 224, 1) and colour.shape == (224, 224, 3)
        assert alpha.dtype == colour.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1 and colour.min() >= 0 and colour.max() <= 255


def test_the_same_numbers_draw_the_same(crop, layers):
    again = drawn(crop, 3)
    assert all(np.array_equal(a, b) for a, b in zip(again, layers[3]))
    assert not np.array_equal(again.alpha, layers[4].alpha)


def test_lenses_lie_before_both_eyes_and_frames_around_them(crop, layers):
    eyes = np.rint(five_points(crop.landmarks)[:2]).astype(int)
    rings = [region_mask(crop.landmarks, eye, 224, 224) for eye in (LEFT_EYE, RIGHT_EYE)]
    around = [cv2.dilate(ring, np.ones((41, 41), np.uint8)) > 0 for ring in rings]
    for alpha, _ in layers:
        assert all(alpha[y, x, 0] > 0.02 for x, y in eyes)
        assert all(alpha[near, 0].max() > 0.3 for near in around)
        between = alpha[eyes[:, 1].min() - 25 : eyes[:, 1].max() + 15, eyes[0, 0] : eyes[1, 0], 0]
        assert (between.max(0) > 0.25).sum() > 0.3 * between.shape[1]  # rims and bridge


def test_eyes_are_seen_through_most_and_hidden_by_some(crop, layers):
    x, y = np.rint(five_points(crop.landmarks)[0]).astype(int)
    at_eye = np.array([layer.alpha[y, x, 0] for layer in layers])
    assert 0.4 < (at_eye < 0.5).mean() < 0.95 and (at_eye > 0.65).any()


def test_the_mouth_and_the_background_above_stay_free(crop, layers):
    mouth = region_mask(crop.landmarks, OUTER_LIPS, 224, 224) > 0
    for alpha, _ in layers:
        assert not alpha[mouth].any()
        assert (alpha > 0).mean() < 0.35


def test_the_shadow_stays_on_the_skin(crop, layers):
    beyond = oval_mask(crop.landmarks, 224, 224) == 0
    shadows = [(alpha[..., 0] > 0.01) & (np.abs(colour - spectacles.SHADOW).max(-1) < 0.01) for alpha, colour in layers]
    assert sum(shadow.any() for shadow in shadows) > len(layers) / 2
    assert not any((shadow & beyond).any() for shadow in shadows)


def test_a_mirrored_face_wears_them_mirrored(crop, layers):
    flipped = mirrored(*crop).landmarks
    for seed in range(12):
        other = drawn(crop, seed, flipped).alpha[:, ::-1]
        assert np.abs(other - layers[seed].alpha).mean() < 2e-3
        assert np.abs(layers[seed].alpha[:, ::-1] - layers[seed].alpha).mean() > 4e-3  # the face is none itself


def test_a_face_like_its_mirror_image_wears_frames_like_theirs(crop, monkeypatch):
    monkeypatch.setattr(spectacles, "_shining", lambda *_: None)  # reflections are of a room
    even = crop.landmarks.copy()
    pairs = [(33, 263), (61, 291), (168, 168), (6, 6)] + [(OVAL[n], OVAL[-n]) for n in range(len(OVAL) // 2 + 1)]
    for left, right in pairs:
        even[left] = (even[left] + (223, 0) + even[right] * (-1, 1)) / 2
        even[right] = (223, 0) + even[left] * (-1, 1)
    for seed in SEEDS:
        opaque = drawn(crop, seed, even).alpha > 0.6
        assert (opaque != opaque[:, ::-1]).sum() < 0.12 * opaque.sum() + 30


def test_the_strip_that_is_painted_cuts_nothing_off(crop, layers, monkeypatch):
    monkeypatch.setattr(spectacles, "_rows", lambda *_: (0, 224))
    for seed in SEEDS:
        np.testing.assert_allclose(drawn(crop, seed).alpha, layers[seed].alpha, atol=0.02)


def test_they_grow_with_the_crop(crop, layers):
    large = drawn(crop, 5, (crop.landmarks + 0.5) * 2 - 0.5, 448).alpha
    shrunk = cv2.resize(large, (224, 224), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk - layers[5].alpha[..., 0]).mean() < 5e-3


def test_landmarks_beyond_the_crop_are_no_error(crop):
    for shift in [(0, 300), (0, -300), (300, 0), (90, -90)]:
        layer = drawn(crop, 1, crop.landmarks + np.float32(shift))
        assert np.isfinite(layer.alpha).all() and lay(crop.image, layer).shape == crop.image.shape
