import numpy as np
import pytest

from paddle_mfs.face.one_euro import OneEuro


def filtered(values, times, scale=1.0, **options):
    smooth = OneEuro(**options)
    return np.stack([smooth(value, time, scale) for value, time in zip(values, times)])


def test_the_first_value_comes_out_as_it_is_and_again_after_a_reset():
    smooth = OneEuro()
    for _ in range(2):
        assert (smooth([[1.0, 2.0]], 3.0) == [[1, 2]]).all()
        assert (smooth([[5.0, 2.0]], 3.1) != [[5, 2]]).any()
        smooth.reset()


def test_noise_of_a_still_face_is_taken_out():
    points = np.random.default_rng(0).normal(0, 0.001, (300, 5, 2))
    out = filtered(points, np.arange(300) / 30)
    assert np.diff(points, axis=0).std() / np.diff(out, axis=0).std() > 8
    assert points.std() / out[60:].std() > 3


@pytest.mark.parametrize("speed", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("rate", [25, 60])
def test_a_moving_face_is_left_behind_by_a_fixed_small_part_of_itself(speed, rate):
    times = np.arange(3 * rate) / rate
    path = speed * times[:, None, None] * np.ones((5, 2)) / np.sqrt(2)
    behind = np.linalg.norm(path - filtered(path, times), axis=-1)[rate:]
    # 1 / (2 pi 60), less what the minimal cutoff adds
    assert 0.0025 < behind.max() < 1.01 / (2 * np.pi * 60)
    assert behind.max() / speed < 1 / 60  # seconds


def test_the_same_in_any_resolution_and_between_uneven_times():
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.uniform(0.01, 0.08, 200))
    path = 0.5 * np.sin(2 * times)[:, None, None] * np.ones((5, 2))
    small = filtered(path * 80, times, 80)
    assert np.allclose(filtered(path * 1000, times, 1000) / 1000, small / 80)
    # where it turns round it is furthest behind, by the slack
    assert np.linalg.norm(small / 80 - path, axis=-1).max() < 0.01 + 1e-9


def test_nothing_overshoots():
    steps = np.repeat([0.0, 1.0, -0.5], 40)[:, None, None] * np.ones((5, 2))
    out = filtered(steps, np.arange(120) / 30)
    assert out.max() <= 1 and out.min() >= -0.5
    # between the last value and the new one, always
    low, high = np.minimum(out[:-1], steps[1:]), np.maximum(out[:-1], steps[1:])
    assert (out[1:] >= low - 1e-12).all() and (out[1:] <= high + 1e-12).all()


def test_the_shape_is_kept_while_one_point_moves():
    smooth = OneEuro()
    smooth(np.zeros((3, 2)), 0.0)
    out = smooth(np.array([[1.0, 0], [2, 0], [0, 0]]), 0.1)
    assert 0 < out[0, 0] < 1 and np.isclose(out[1, 0], 2 * out[0, 0]) and (out[2] == 0).all()


@pytest.mark.parametrize("time", [1.0, 0.5])
def test_a_time_that_does_not_advance_starts_anew(time):
    smooth = OneEuro()
    smooth([0.0], 1.0)
    assert smooth([8.0], time) == [8]
