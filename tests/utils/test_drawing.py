"""Words on pictures are there, and where they are said to be."""

import numpy as np

from paddle_mfs.utils.drawing import mark_corner, text_strip


def test_a_strip_has_black_words_on_white():
    strip = text_strip("abc", 200, 24)
    assert strip.shape == (24, 200, 3) and strip.dtype == np.uint8
    columns = np.flatnonzero((strip < 128).any((0, 2)))
    assert 4 <= columns[0] < 12 and columns[-1] < 60
    assert (text_strip("", 200, 24) == 255).all()


def test_words_stand_in_the_middle_on_request():
    columns = np.flatnonzero((text_strip("abc", 200, is_centred=True) < 128).any((0, 2)))
    assert abs((columns[0] + columns[-1]) / 2 - 100) < 3


def test_larger_words_are_larger():
    narrow, wide = (np.flatnonzero((text_strip("abc", 200, 40, size) < 128).any((0, 2)))[-1] for size in (10, 30))
    assert wide > 2 * narrow


def test_a_mark_is_written_into_the_corner_of_the_picture_itself():
    image = np.full((360, 480, 3), 128, np.uint8)
    assert mark_corner(image, "AI") is image
    rows, columns = np.nonzero((image != 128).any(2))
    assert len(rows) and rows.max() < 90 and columns.max() < 120
    assert image.min() < 40 and image.max() > 215  # seen on dark and on bright
