"""The aligned crop."""

import numpy as np
import pytest

from paddle_mfs.face.align import align, template
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image


@pytest.mark.parametrize("size", [112, 128, 224])
def test_alignment_puts_the_points_on_the_template(analyser, reference, reference_image, size):
    crop, matrix = align(reference_image, reference.five, size)
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8
    landed = transform(reference.five.astype(np.float64), matrix)
    assert np.abs(landed - template(size)).max() < 0.06 * size
    # and the crop's own landmarks are the moved landmarks
    again = analyser.largest(crop).landmarks[:, :2]
    moved = transform(reference.landmarks[:, :2].astype(np.float64), matrix)
    assert np.linalg.norm(again - moved, axis=1).mean() < 0.015 * size


def test_alignment_does_not_depend_on_the_size_of_the_picture(analyser, hard, reference, reference_image):
    large = read_image(hard / "formats" / "large4000.jpg")
    five = (reference.five + 0.5) * (large.shape[0] / 512) - 0.5
    small, big = align(reference_image, reference.five, 112)[0], align(large, five, 112)[0]
    assert np.abs(small.astype(int) - big).mean() < 2.5
