"""Where the detector looks."""

import numpy as np
import pytest

from paddle_mfs.face.geometry import scale_of, transform
from paddle_mfs.face.views import INPUT, levels, local_views, tile_views, whole_view


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_the_whole_picture_is_seen_in_its_middle(angle):
    corners = np.array([[0, 0], [299, 0], [0, 199], [299, 199]], np.float64)
    seen = transform(corners, whole_view(300, 200, angle))
    assert seen.mean(0) == pytest.approx([(INPUT - 1) / 2] * 2) and seen.min() > -0.5 and seen.max() < INPUT - 0.5
    assert scale_of(whole_view(300, 200, angle, margin=0.5)) == pytest.approx(scale_of(whole_view(300, 200)) / 2)


def test_a_face_stands_in_the_middle_of_the_views_around_it():
    for view in local_views(np.array([50.0, 80.0]), 40):
        assert transform(np.array([50.0, 80.0]), view) == pytest.approx([(INPUT - 1) / 2] * 2)
        assert scale_of(view) * 40 == pytest.approx(0.4 * INPUT)


@pytest.mark.parametrize("size", [(640, 480), (1000, 200), (150, 150)])
def test_tiles_leave_no_place_out(size):
    """Every point is further than a sixth of a tile from the border of some tile, but for the picture's own border."""
    points = np.random.default_rng(0).uniform(0, 1, (500, 2)) * (np.array(size) - 1)
    inside = np.clip(points, 27, np.maximum(np.array(size) - 28, 27))
    views = tile_views(*size, 160)
    depth = np.max([np.minimum(seen, INPUT - 1 - seen).min(1) for seen in (transform(inside, v) for v in views)], 0)
    assert depth.min() > 0.15 * INPUT


def test_the_search_goes_from_the_whole_to_small_tiles_and_then_turns_them():
    found = list(levels(1300, 900))
    assert [is_upright for is_upright, _ in found] == [False, False, True, True, True, False, False, False]
    assert len(found[0][1]) == 1 and len(found[1][1]) == 7
    counts = [len(views) for _, views in found[2:5]]
    assert counts == sorted(counts) and len(list(levels(120, 100))) == 2
