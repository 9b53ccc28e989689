"""Detail of the old face that the new one contradicts."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.detail import contradicted_detail


@pytest.fixture()
def crop():
    """Even skin, a little grain, two dark lines: a brow above, a fold below."""
    image = np.random.default_rng(0).normal(150, 1, (224, 224, 3))
    image[80:86, 60:160] -= 70
    image[150:154, 60:160] -= 40
    return cv2.GaussianBlur(image, (0, 0), 0.8).clip(0, 255).astype(np.uint8)


def test_an_unchanged_face_keeps_all_of_it(crop):
    assert not contradicted_detail(crop, crop / np.float32(255)).any()


def test_a_line_painted_over_goes_and_another_stays(crop):
    result = crop / np.float32(255)
    result[70:96] = 150 / 255
    damping = contradicted_detail(crop, result)
    assert damping.shape == (224, 224) and damping.dtype == np.float32 and damping.min() == 0 and damping.max() == 1
    assert damping[80:86, 70:150].mean() > 0.9 and damping[140:164].max() == 0


def test_another_colour_or_a_little_softness_contradicts_nothing(crop):
    darker = crop * np.float32([0.7, 0.65, 0.6]) / 255
    assert contradicted_detail(crop, darker).max() == 0
    soft = cv2.GaussianBlur(crop, (0, 0), 1.0) / np.float32(255)
    assert contradicted_detail(crop, soft).mean() < 0.01


def test_even_skin_has_nothing_to_lose():
    even = np.random.default_rng(1).normal(150, 1, (224, 224, 3)).clip(0, 255).astype(np.uint8)
    assert contradicted_detail(even, np.full((224, 224, 3), 0.4, np.float32)).max() < 0.1
