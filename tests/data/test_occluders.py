"""Things before a face: every kind, its place and soft edges, the same for the same numbers, mirrored with the face."""

import numpy as np
import pytest

from paddle_mfs.data import occluders
from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.hands import skin_tone
from paddle_mfs.data.occluders import KINDS, draw_occluder
from paddle_mfs.face.regions import LEFT_EYE, OUTER_LIPS, RIGHT_EYE, oval_mask, region_mask

SEEDS = range(12)


def drawn(crop, seed, kind, landmarks=None, **options):
    landmarks = crop.landmarks if landmarks is None else landmarks
    return draw_occluder(landmarks, 224, np.random.default_rng(seed), kind, **options)


@pytest.fixture(scope="module", params=KINDS)
def kind_and_layers(request, crop):
    return request.param, [drawn(crop, seed, request.param) for seed in SEEDS]


def test_shapes_and_ranges(kind_and_layers):
    for alpha, colour in kind_and_layers[1]:
        assert alpha.shape == (224, 224, 1) and colour.shape == (224, 224, 3)
        assert alpha.dtype == colour.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1 and colour.min() >= 0 and colour.max() <= 255


def test_it_hides_some_of_the_face_and_not_the_whole_crop(crop, kind_and_layers):
    face = oval_mask(crop.landmarks, 224, 224) > 0
    shares = [alpha[face].mean() for alpha, _ in kind_and_layers[1]]
    assert np.median(shares) > 0.015 and max(alpha.mean() for alpha, _ in kind_and_layers[1]) < 0.75
    assert np.mean([alpha.max() for alpha, _ in kind_and_layers[1]]) > 0.7


def test_its_edges_are_soft(kind_and_layers):
    for alpha, _ in kind_and_layers[1]:
        partly = (alpha > 0.05) & (alpha < 0.95)
        assert partly.sum() > 30 or alpha.max() < 0.05


def test_the_same_numbers_draw_the_same(crop, kind_and_layers):
    kind, layers = kind_and_layers
    assert all(np.array_equal(a, b) for a, b in zip(drawn(crop, 2, kind), layers[2]))
    assert not np.array_equal(layers[2].alpha, layers[3].alpha)


def test_before_a_mirrored_face_it_is_mirrored(crop, kind_and_layers):
    kind, layers = kind_and_layers
    flipped = mirrored(*crop).landmarks
    for seed in SEEDS[:6]:
        other = drawn(crop, seed, kind, flipped).alpha[:, ::-1]
        assert np.abs(other - layers[seed].alpha).mean() < 6e-3
    unlike = np.mean([np.abs(layer.alpha[:, ::-1] - layer.alpha).mean() for layer in layers])
    assert unlike > 8e-3  # which a thing that does not move with the face would fail


def test_a_mask_hides_the_mouth_and_no_eye(crop):
    mouth = region_mask(crop.landmarks, OUTER_LIPS, 224, 224) > 0
    eyes = sum(region_mask(crop.landmarks, eye, 224, 224) for eye in (LEFT_EYE, RIGHT_EYE)) > 0
    for seed in SEEDS:
        alpha = drawn(crop, seed, "mask").alpha
        assert alpha[mouth].min() > 0.95 and alpha[eyes].max() < 0.05


def test_a_scarf_goes_down_to_the_edge(crop):
    for seed in SEEDS:
        alpha = drawn(crop, seed, "scarf").alpha
        assert alpha[-1, 60:160].min() > 0.95 and alpha[:60].max() < 0.01


def test_a_hand_has_the_skin_asked_for(crop):
    for skin in [(230, 180, 150), (90, 60, 45), (60, 90, 230)]:
        alpha, colour = drawn(crop, 1, "hand", skin=np.array(skin))
        seen = np.median(colour[alpha[..., 0] > 0.99], 0)
        np.testing.assert_allclose(seen / seen.sum(), np.array(skin) / sum(skin), atol=0.05)


def test_skin_is_dark_and_fair_and_always_redder_than_green():
    tones = np.array([skin_tone(np.random.default_rng(seed)) for seed in range(50)])
    assert (tones[:, 0] > tones[:, 1]).all() and (tones[:, 1] > tones[:, 2]).all()
    assert tones[:, 0].min() < 110 and tones[:, 0].max() > 210


def test_every_kind_is_drawn_as_often_as_it_should(crop, monkeypatch):
    found = []
    monkeypatch.setattr(occluders, "_draw", lambda kind, *_: found.append(kind))
    for seed in range(600):
        layer = draw_occluder(crop.landmarks, 224, np.random.default_rng(seed))
    assert not layer.alpha.any()  # nothing was drawn
    shares = [found.count(kind) / 600 for kind in KINDS]
    np.testing.assert_allclose(shares, occluders.SHARES, atol=0.05)


def test_landmarks_beyond_the_crop_are_no_error(crop, kind_and_layers):
    for shift in [(0, 300), (0, -300), (300, 0)]:
        assert np.isfinite(drawn(crop, 1, kind_and_layers[0], crop.landmarks + np.float32(shift)).alpha).all()
