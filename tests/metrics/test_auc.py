"""The area under the ROC curve, where it is known."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from paddle_mfs.metrics.auc import auc

NAMES = [f"p{number}" for number in range(30)]


def test_apart_alike_and_reversed():
    low, high = np.arange(30.0), np.arange(30.0) + 100
    assert auc(low, high, NAMES) == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert auc(high, low, NAMES)["value"] == 0
    assert auc(low, low, NAMES)["value"] == 0.5
    assert auc([1.0], [2.0], ["p"]) == {"value": 1.0, "low": None, "high": None}


def test_is_the_u_statistic_and_lies_in_its_interval():
    rng = np.random.default_rng(0)
    real, fake = np.round(rng.normal(0, 1, 30), 1), np.round(rng.normal(0.8, 1, 30), 1)
    found = auc(real, fake, NAMES)
    assert found["value"] == pytest.approx(mannwhitneyu(fake, real).statistic / 900)
    assert 0.5 < found["low"] < found["value"] < found["high"] < 0.95


def test_people_are_drawn_not_pictures():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(0, 1, 30), rng.normal(0.8, 1, 30)
    once, often = auc(real, fake, NAMES), auc(np.tile(real, 9), np.tile(fake, 9), NAMES * 9)
    assert often == pytest.approx(once)
