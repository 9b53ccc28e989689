import numpy as np
import pytest

from paddle_mfs.bench.tracking import WAYS, markdown, measure_path
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.metrics.jitter import jitter, lag, overshoot, wander

TIMES = np.arange(120) / 30


def path(times):
    return 100 * np.sin(2 * np.pi * 0.5 * times)[:, None, None] * [1.0, 0.5] + np.zeros((5, 1))


def test_jitter_and_wander_in_per_mille_of_the_face():
    shaking = np.tile([[[0.0, 0.0]], [[0.3, 0.4]]], (30, 5, 1))  # half a pixel to and fro
    assert np.isclose(jitter(shaking, 100), 5) and np.isclose(wander(shaking, 100), 2.5)
    assert np.isclose(jitter(2 * shaking, 200), 5)
    drifting = np.linspace(0, 1, 101)[:, None, None] * np.ones((5, 2)) / np.sqrt(2)
    assert np.isclose(jitter(drifting, 100), 0.1) and wander(drifting, 100) > 2.5


@pytest.mark.parametrize("late", [-0.05, 0.0, 0.004, 0.3])
def test_lag_is_the_time_shift_whatever_the_offset(late):
    noise = np.random.default_rng(0).normal(0, 0.2, (120, 5, 2))
    assert abs(lag(path(TIMES - late) + [7, -3] + noise, TIMES, path) - late) < 5e-4


def test_overshoot_is_what_goes_beyond_the_range():
    step = np.clip(TIMES - 1, 0, 0.5)[:, None, None] * np.ones((5, 2)) * 100
    beyond = step.copy()
    beyond[50] += 3
    assert overshoot(step + 11, step, 100) == 0
    assert np.isclose(overshoot(beyond + 11, step, 100), 30)
    assert overshoot(step * 0.9, step, 100) < 1e-9


def test_smoothed_tracking_is_steadier_and_not_late(samples):
    picture, analyser = read_image(samples / "target.jpg"), FaceAnalyser()
    report = {
        "still": measure_path(analyser, picture, "still"),
        "sway": measure_path(analyser, picture, "sway", seconds=2),
    }
    analysed, _, smoothed = WAYS
    still, sway = report["still"], report["sway"]
    assert still[smoothed]["jitter"] < still[analysed]["jitter"] / 3
    assert 0 <= sway[smoothed]["lag"] < 0.5 and abs(sway[analysed]["lag"]) < 0.1
    assert sway[smoothed]["overshoot"] < 4
    assert all(scores["lost"] == 0 for ways in report.values() for scores in ways.values())
    table = markdown(report).splitlines()
    assert sum(line.startswith("|") for line in table) == 2 + 2 * len(WAYS) and "times less jitter" in table[-2]
