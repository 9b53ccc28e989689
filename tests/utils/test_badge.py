"""The badge: in its corner, of its size, legible on anything, and nowhere else."""

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.face.image import with_alpha
from paddle_mfs.utils.badge import add_badge, corners


def luminance(colour):
    """Of an sRGB grey, as WCAG 2 defines it (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    share = colour / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("grey", [0, 100, 128, 200, 255])
def test_it_is_legible_on_any_background(grey):
    image = np.full((480, 640, 3), grey, np.uint8)
    add_badge(image)
    (left, top), (right, bottom) = corners(640, 480).astype(int)
    inside = image[top : bottom + 1, left : right + 1, 0]
    assert inside.max() == 255  # letters
    plate = np.median(inside)
    assert plate < 100 and (luminance(255) + 0.05) / (luminance(plate) + 0.05) > 4.5  # WCAG's AA
    assert 0.05 < (inside > 200).mean() < 0.4
    image[top : bottom + 1, left : right + 1] = grey
    assert (image == grey).all()


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (4000, 3000), (150, 100)])
def test_its_size_is_the_pictures(size):
    (left, top), (right, bottom) = corners(*size)
    letters = max(min(size) / 30, 10)
    assert bottom - top == pytest.approx(2 * letters, abs=2) and 5 * letters < right - left < 9 * letters
    assert size[0] - right == pytest.approx(letters / 2, abs=2) == size[1] - bottom


@pytest.mark.parametrize("size", [(64, 64), (30, 20), (8, 8), (1, 1)])
def test_very_small_pictures(size):
    image = np.full((*size[::-1], 3), 200, np.uint8)
    add_badge(image)
    assert (image != 200).any()


def test_pixels_that_are_not_square():
    """Shown, it has the shape that it has on square ones."""
    image, narrow = np.full((480, 640, 3), 90, np.uint8), np.full((480, 320, 3), 90, np.uint8)
    add_badge(image)
    add_badge(narrow, scale=(2, 1))
    shown = np.asarray(Image.fromarray(narrow).resize((640, 480), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(shown - image).mean() < 0.25 and np.abs(shown - image).max() < 160
    assert np.abs(corners(320, 480, (2, 1)) * [2, 1] - corners(640, 480)).max() <= 2


def test_on_what_is_transparent():
    """Laid on white it is what it is on a white picture; its letters are opaque."""
    alpha = np.zeros((300, 400), np.uint8)
    white = np.full((300, 400, 3), 255, np.uint8)
    add_badge(white, alpha)
    rgba = Image.fromarray(with_alpha(white, alpha))
    laid = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    assert np.abs(np.asarray(laid).astype(int) - white).max() <= 2
    assert alpha.max() > 240 and 140 < np.median(alpha[alpha > 0]) < 180 and (white[alpha == 0] == 255).all()
