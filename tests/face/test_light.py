"""Faces in little and in coloured light."""

import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.light import Light, brightened
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.models.idn import SIZE
from paddle_mfs.utils.errors import UserError

LITTLE = [(gain,) * 3 for gain in (0.4, 0.25, 0.1, 0.04)]
BLUE, GREEN, RED = (0.1, 0.2, 1), (0.15, 1, 0.2), (1, 0.15, 0.1)


@pytest.fixture(scope="module")
def five(target):
    return FaceAnalyser().largest(target).five


def lit(picture, gain):
    return np.rint(picture * np.float32(gain)).astype(np.uint8)


def test_usual_light_is_left_alone(target, five):
    crop, _ = align(target, five, SIZE)
    light, result = Light.of(crop), np.zeros(crop.shape, np.float32)
    assert light.is_usual and light.known(crop) is crop and light.back(crop, crop, result) is result
    assert brightened(target) is target


@pytest.mark.parametrize("gain", [*LITTLE, BLUE, GREEN, RED])
def test_there_and_back(target, five, gain):
    """What leaves the known crop as it is leaves the own one as it is; a change there is the same part of the light."""
    crop, _ = align(lit(target, gain), five, SIZE)
    light = Light.of(crop)
    shown = light.known(crop)
    assert not light.is_usual and abs(Light.of(shown).gain - 1).max() < 0.2
    as_it_is = light.back(crop, shown, shown / np.float32(255))
    assert np.abs(as_it_is - crop / np.float32(255)).max() < 1e-6
    brighter = light.back(crop, shown, shown / np.float32(255) + np.float32(0.1))
    assert np.allclose((brighter - as_it_is)[crop.max(2) < 200], 0.1 / light.gain, atol=1e-6)


@pytest.mark.parametrize("gain", [*LITTLE, BLUE, GREEN, RED])
def test_the_swap_is_that_of_good_light(swapper, samples, target, result, five, gain):
    """As bright as the face was, the same person, and nothing around it: no glow, no rectangle."""
    dark = lit(target, gain)
    swapped = swapper.swap(dark)
    face = swapper.analyser.largest(target)
    inside = oval_mask(face.landmarks, *target.shape[:2]) > 0
    wanted, brightness = result[inside].mean(0) * gain, swapped[inside].mean(0)
    assert (np.abs(brightness - wanted) <= np.maximum(0.1 * wanted, 1.5)).all()

    source, recogniser = read_image(samples / "source.jpg"), Recogniser()
    seen = (swapped / np.float32(gain)).clip(0, 255).astype(np.uint8)
    wanted, good, here = recogniser.descriptors(
        [source, result, seen], [swapper.analyser.largest(source).five, five, five]
    )
    assert distance(here, wanted) <= distance(good, wanted) + (0.05 if min(gain) >= 0.25 else 0.12)

    change, usual = (np.abs(a.astype(int) - b)[~inside] for a, b in ((swapped, dark), (result, target)))
    assert (change.mean(0) <= usual.mean(0) * gain + 0.3).all()


def test_a_face_is_found_in_green_light(target):
    green = lit(target, (0.1, 1, 0.15))
    [face] = FaceAnalyser().faces(green)
    [usual] = FaceAnalyser().faces(target)
    assert np.abs(face.five - usual.five).max() < 0.05 * usual.size


def test_no_light_is_told(swapper, target, five):
    crop, _ = align(lit(target, (0.01,) * 3), five, SIZE)
    assert Light.of(crop).is_dark
    with pytest.raises(UserError, match="night.png: the face is too dark"):
        swapper.paint(crop, "night.png")
