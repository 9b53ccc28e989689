"""Ladders of blur, noise and rotation that must be monotone, retrieval at chance, steadiness of known motions."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.metrics.background import background_ssim
from paddle_mfs.metrics.crop import load_crop
from paddle_mfs.metrics.preservation import Preservation, Target
from paddle_mfs.metrics.recogniser import Judge
from paddle_mfs.metrics.retrieval import nearest, similarity, top1
from paddle_mfs.metrics.ssim import ssim_map
from paddle_mfs.metrics.temporal import Frame, flicker, identity_spread, relative_jitter

SEVERITIES = (0, 1, 2, 4)


@pytest.fixture(scope="module")
def crop(samples):
    return load_crop(samples / "target.jpg", FaceAnalyser())


@pytest.fixture(scope="module")
def held(crop):
    return Target(crop.image, crop.landmarks, crop.five, crop.oval, FaceAnalyser())


def blurred(image, severity):
    return cv2.GaussianBlur(image, (0, 0), severity) if severity else image


def noisy(image, severity):
    noise = np.random.RandomState(0).normal(0, 8, image.shape)
    return np.rint(image + severity * noise).clip(0, 255).astype(np.uint8)


def rolled(image, severity):
    matrix = cv2.getRotationMatrix2D((112, 112), 3 * severity, 1)
    return cv2.warpAffine(image, matrix, (224, 224), borderMode=cv2.BORDER_REFLECT) if severity else image


def rises(values):
    return all(a < b for a, b in zip(values, values[1:]))


def test_identical_pictures_have_no_error(held, crop):
    found = held.preservation(crop.image)
    assert found.sharpness == 1 and np.isnan(found.covered)
    assert found.background_ssim == pytest.approx(1) and found.pose < 1e-6 and found.expression < 1e-3
    assert max(found.shape, found.background, found.gaze, found.openness) < 1e-3


@pytest.mark.parametrize("spoil", [blurred, noisy])
def test_blur_and_noise_are_seen_step_by_step(held, crop, spoil):
    ladder = [held.preservation(spoil(crop.image, severity)) for severity in SEVERITIES]
    by_name = {name: [one[place] for one in ladder] for place, name in enumerate(Preservation._fields)}
    assert rises(by_name["background"]) and rises([-value for value in by_name["background_ssim"]])
    assert rises(by_name["sharpness"] if spoil is noisy else [-value for value in by_name["sharpness"]])


def test_a_rolled_picture_has_that_pose(held, crop):
    found = [held.preservation(rolled(crop.image, severity)).pose for severity in SEVERITIES]
    assert rises(found) and np.abs(np.array(found) - 3 * np.array(SEVERITIES)).max() < 1


def test_identity_goes_step_by_step(crop):
    judge = Judge()
    own = judge.descriptors([judge.chip(crop.image, crop.five)])
    for spoil in (blurred, noisy):
        made = [judge.descriptors([judge.chip(spoil(crop.image, one), crop.five)]) for one in SEVERITIES]
        distances = [float(judge.distance(own, row)[0]) for row in made]
        assert distances[0] == 0 and rises(distances)
        assert rises([1 - float(similarity(own, row)[0]) for row in made])


def test_joined_mirror_features_do_not_change_when_a_picture_is_mirrored(crop):
    judge, mirrored = Judge(mirror=True), np.ascontiguousarray(crop.image[:, ::-1])
    chip = judge.chip(crop.image, crop.five)
    here, there = judge.descriptors([chip]), judge.descriptors([np.ascontiguousarray(chip[:, ::-1])])
    assert here.shape == (1, 256) and np.allclose(here[:, :128], there[:, 128:], atol=1e-5)
    assert mirrored.shape == crop.image.shape and judge.distance(here, here)[0] == 0


def test_ssim_of_known_pictures(crop):
    assert ssim_map(crop.image, crop.image) == pytest.approx(1)
    flat, brighter = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 120, np.uint8)
    constant = (0.01 * 255) ** 2
    wanted = (2 * 100 * 120 + constant) / (100**2 + 120**2 + constant)
    assert ssim_map(flat, brighter) == pytest.approx(wanted)
    face_changed = np.where(crop.oval[..., None] > 0, 0, crop.image).astype(np.uint8)
    assert (
        background_ssim(face_changed, crop.image, crop.oval)
        > 0.99
        > background_ssim(255 - crop.image, crop.image, crop.oval)
    )


def test_retrieval_of_the_sources_is_perfect_and_of_shuffled_ones_at_chance():
    rng = np.random.RandomState(1)
    gallery = rng.normal(size=(500, 128))
    results = gallery + rng.normal(0, 0.1, gallery.shape)
    assert top1(results, gallery, np.arange(500)).all()
    shuffled = [top1(results, gallery, rng.permutation(500)).mean() for _ in range(20)]
    assert abs(np.mean(shuffled) - 1 / 500) < 0.002
    unit = gallery / np.linalg.norm(gallery, axis=1, keepdims=True)
    by_cosine = np.argmax([similarity(results[:5], one[None]) for one in unit], axis=0)
    assert np.array_equal(nearest(results[:5], unit), by_cosine)


def moved(frame, dx, image=None, landmarks=None):
    """The frame with target and result moved to the right."""
    shift, step = np.array([dx, 0.0]), np.array([[1, 0, dx], [0, 1, 0.0]])
    return Frame(
        frame.target_landmarks + shift,
        (frame.landmarks if landmarks is None else landmarks) + shift,
        cv2.warpAffine(frame.image if image is None else image, step, (224, 224), borderMode=cv2.BORDER_REFLECT),
        frame.oval,
    )


def test_a_result_that_moves_with_its_target_is_steady(crop):
    still = Frame(crop.landmarks[:, :2], crop.landmarks[:, :2] + 3, crop.image, crop.oval)
    width = np.ptp(crop.landmarks[:, 0])
    assert relative_jitter(still, moved(still, 4)) == pytest.approx(0, abs=1e-3)
    assert flicker(still, moved(still, 4)) < 1.5
    shaken = [relative_jitter(still, moved(still, 4, landmarks=still.landmarks + [size, 0])) for size in (0.5, 1, 2)]
    assert np.allclose(shaken, 1000 * np.array([0.5, 1, 2]) / width, rtol=1e-3)
    lit = [flicker(still, moved(still, 4, np.clip(crop.image.astype(int) + step, 0, 255).astype(np.uint8)))
           for step in (0, 5, 10, 20)]  # fmt: skip
    assert rises(lit) and lit[2] - lit[0] > 8


def test_spread_of_an_identity():
    still = np.ones((5, 3))
    assert identity_spread(still) == 0
    assert identity_spread(np.array([[0.0, 0], [0, 2]])) == 1
