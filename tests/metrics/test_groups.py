"""Targets by skin and light."""

import numpy as np
import pytest

from paddle_mfs.data.crops import prepare
from paddle_mfs.face.regions import CHEEKS
from paddle_mfs.metrics.groups import skin_and_light


@pytest.fixture(scope="module")
def crops(samples):
    faces = prepare(samples / "faces")
    return [faces.face(index) for index in range(len(faces))]


def darker(image):
    return (image * 0.35).astype(np.uint8)


def test_little_light_is_seen_and_changes_nobodys_skin(crops):
    for image, landmarks in crops:
        tone, light = skin_and_light(image, landmarks).split(", ")
        assert light == "good light"
        assert skin_and_light(darker(image), landmarks) == f"{tone}, little light"
    assert len({skin_and_light(*crop) for crop in crops}) > 1


@pytest.mark.parametrize(
    "skin, tone", [((70, 45, 35), "dark"), ((190, 140, 110), "medium"), ((240, 205, 185), "light")]
)
def test_skin_of_a_painted_face(skin, tone):
    image = np.full((224, 224, 3), 235, np.uint8)  # a white wall says how the picture was exposed
    image[60:200, 40:190] = skin
    landmarks = np.full((468, 2), 112.0)
    landmarks[CHEEKS] = [(70, 130), (150, 130), (90, 150), (130, 150)]
    assert skin_and_light(image, landmarks) == f"{tone} skin, good light"
