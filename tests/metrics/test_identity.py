"""The recogniser tells three made-up adults apart, and its chip lies where dlib's does."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.metrics.identity import SAME_PERSON_DISTANCE, TEMPLATE_150, Recogniser, chip, distance

FACES = Path(__file__).parents[1] / "fixtures" / "identities"


@pytest.fixture(scope="module")
def descriptors():
    analyser, names = FaceAnalyser(), sorted(FACES.glob("*.jpg"))
    images = [read_image(name) for name in names]
    rows = Recogniser().descriptors(images, [analyser.faces(image)[0].five for image in images], batch=4)
    return dict(zip((name.stem for name in names), rows))


def test_the_same_picture_has_distance_zero(descriptors):
    row = descriptors["id009_base"]
    assert row.shape == (128,) and distance(row, row) == 0


def test_same_person_is_below_and_others_above_the_threshold(descriptors):
    assert len(descriptors) == 6
    for (a, x), (b, y) in itertools.combinations(descriptors.items(), 2):
        assert (distance(x, y) < SAME_PERSON_DISTANCE) == (a[:5] == b[:5]), f"{a} {b} {distance(x, y):.3f}"


def test_chip_moves_the_five_points_to_the_template():
    image = np.zeros((300, 300, 3), np.uint8)
    five = TEMPLATE_150 * 1.4 + [30, 20]
    for x, y in five.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    out = chip(image, five)
    assert out.shape == (150, 150, 3)
    assert all(out[y, x].min() > 200 for x, y in TEMPLATE_150.round().astype(int))
