"""What a refined identity may lose of the picture."""

import pytest

from paddle_mfs.engine.watched_faces import Quality

GOOD = Quality(distance=0.5, sharpness=0.5, shape=7.0, background=53.0)


@pytest.mark.parametrize(
    "other, is_kept",
    [
        (GOOD, True),
        (GOOD._replace(distance=0.9), True),
        (GOOD._replace(sharpness=0.44), False),
        (GOOD._replace(shape=8.1), False),
        (GOOD._replace(background=51), True),
        (GOOD._replace(background=49), False),
    ],
)
def test_what_counts_as_kept(other, is_kept):
    assert GOOD.is_kept_by(other) == is_kept
