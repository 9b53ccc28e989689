"""Other weights in a file."""

import numpy as np
import pytest

from paddle_mfs.export.patch import Segment, find, patched
from paddle_mfs.utils.errors import UserError

A, B = np.arange(1, 7, dtype=np.float32).reshape(2, 3), np.float32([[-1.5], [8]])
MODEL = b"head" + B.tobytes() + b"--" + A.tobytes() + b"tail"


def test_found_and_filled():
    segments = find(MODEL, [A, B], "x.nb")
    assert segments == [Segment(14, 0, 6), Segment(4, 6, 2)]
    weights = np.float32([9, 8, 7, 6, 5, 4, 3, 2])
    made = patched(MODEL, segments, weights)
    assert made == b"head" + weights[6:].tobytes() + b"--" + weights[:6].tobytes() + b"tail"
    assert patched(made, segments, np.concatenate([A.ravel(), B.ravel()])) == MODEL


@pytest.mark.parametrize(
    "weights, model, problem",
    [
        ([A + 1], MODEL, "is not in the file"),
        ([B, A], MODEL + A.tobytes(), "predicted weight 1 of 2 is more than once"),
        ([A, A[0]], MODEL, "overlap"),
    ],
)
def test_what_is_not_there_once_is_refused(weights, model, problem):
    with pytest.raises(UserError, match=f"x.nb: .*{problem}"):
        find(model, weights, "x.nb")
