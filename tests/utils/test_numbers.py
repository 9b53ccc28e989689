"""The rule for numbers, and the tools that follow it."""

import math

import pytest

from paddle_mfs.data.face_filter import Limits
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.numbers import check_number
from paddle_mfs.video.live import LiveOptions
from paddle_mfs.video.pipeline import ClipOptions


@pytest.mark.parametrize(
    "value, limits, told",
    [
        (math.nan, (0,), "--x nan: give a number of 0 or more"),
        (math.inf, (0,), "--x inf: give a number of 0 or more"),
        (-1, (0, 5), "--x -1: give a number from 0 to 5"),
        ("2", (0, 5), "--x '2': give a number from 0 to 5"),
        (0.0, (0, math.inf, True), "--x 0: give a number above 0"),
        (7, (0, 5, True), "--x 7: give a number above 0, at most 5"),
    ],
)
def test_refused(value, limits, told):
    with pytest.raises(UserError, match=f"^{told}$"):
        check_number("--x", value, *limits)


def test_allowed():
    check_number("--x", 0, 0)
    check_number("--x", 5, 0, 5)
    check_number("--x", 0.1, 0, above=True)


@pytest.mark.parametrize(
    "make, given",
    [
        (ClipOptions, {"start": math.nan}),
        (ClipOptions, {"end": 0}),
        (ClipOptions, {"max_frames": -3}),
        (LiveOptions, {"max_frames": 0}),
        (Limits, {"min_face": math.nan}),
        (Limits, {"min_age": math.nan}),
    ],
)
def test_options_refuse_what_is_no_number(make, given):
    with pytest.raises(UserError):
        made = make(**given)
        made.check()
