"""Layers: what is laid, what is filled, and coats over each other."""

import numpy as np
import pytest

from paddle_mfs.data.layer import Layer, Painting, filled, lay, ribbon

SQUARE = np.array([(9.5, 9.5), (29.5, 9.5), (29.5, 19.5), (9.5, 19.5)])  # pixel edges: columns 10..29, rows 10..19


def test_laying_keeps_shows_and_mixes():
    image = np.random.RandomState(0).randint(0, 256, (4, 4, 3)).astype(np.uint8)
    alpha = np.zeros((4, 4, 1), np.float32)
    alpha[1], alpha[2] = 1, 0.5
    layer = Layer(alpha, np.full((4, 4, 3), 77.4, np.float32))
    laid = lay(image, layer)
    assert laid.dtype == np.uint8
    np.testing.assert_array_equal(laid[[0, 3]], image[[0, 3]])
    assert (laid[1] == 77).all()
    np.testing.assert_allclose(laid[2], (image[2] + 77.4) / 2, atol=0.51)


def test_a_square_is_filled_to_its_edges():
    alpha = filled((40, 50), [SQUARE])
    assert alpha.shape == (40, 50) and alpha.dtype == np.float32
    assert alpha[11:19, 11:29].min() == 1 and alpha.sum() == pytest.approx(20.25 * 10.25, rel=0.02)
    assert not alpha[:9].any() and not alpha[21:].any() and not alpha[:, :9].any() and not alpha[:, 31:].any()


def test_a_hole_and_what_lies_outside_stay_empty():
    alpha = filled((40, 50), [SQUARE], [(SQUARE - SQUARE.mean(0)) * 0.5 + SQUARE.mean(0)])
    assert alpha[15, 20] == 0 and alpha.sum() == pytest.approx(150, rel=0.06)
    assert not filled((40, 50), [SQUARE + 100]).any() and not filled((40, 50), []).any()


def test_a_ribbon_is_as_wide_as_asked():
    line = np.array([(5.0, 20), (15, 20), (45, 20)])
    assert filled((40, 50), [ribbon(line, 6)]).sum() == pytest.approx(40.25 * 6.25, rel=0.02)


def test_coats_hide_those_below_as_much_as_they_are_opaque():
    painting, full = Painting(8), np.ones((8, 8), np.float32)
    painting.over(full * np.float32(0.5), (200, 0, 0))
    painting.over(full[:2, :2] * np.float32(0.5), np.full((2, 2, 3), (0, 100, 0)), (3, 4))
    alpha, colour = painting.layer()
    assert alpha[0, 0] == pytest.approx(0.5) and colour[0, 0] == pytest.approx([200, 0, 0])
    assert alpha[4, 3] == pytest.approx(0.75) and colour[4, 3] == pytest.approx([200 / 3, 200 / 3, 0], abs=0.01)
    black = np.zeros((8, 8, 3), np.uint8)
    assert lay(black, painting.layer())[4, 3].tolist() == [50, 50, 0]  # as coat after coat


def test_a_strip_lands_in_its_rows():
    painting = Painting(8, (2, 5))
    painting.over(np.ones((3, 8), np.float32), (9, 9, 9))
    assert painting.layer().alpha[..., 0].sum(1).tolist() == [0, 0, 8, 8, 8, 0, 0, 0]


def test_softened_things_grow_and_keep_their_amount():
    painting = Painting(60)
    painting.over(filled((60, 60), [SQUARE + 10]), (10, 20, 30))
    sharp, soft = painting.layer().alpha, painting.layer(1.5).alpha
    assert soft.sum() == pytest.approx(sharp.sum(), rel=0.01) and (soft > 0.01).sum() > (sharp > 0.01).sum()
