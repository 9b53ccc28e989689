"""Frames as they happen: only the latest counts; a clip stands in for a camera; cameras that fail."""

import time

import numpy as np
import pytest

from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.camera import LatestFrame, open_camera


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_slow_consumer_gets_the_latest_frame():
    with LatestFrame((0.001 * number, number) for number in range(10)) as latest:
        wait_until(lambda: latest.dropped == 9)
        assert not latest.is_over
        assert latest.take(1)[1] == 9 and latest.take(1) is None
        assert latest.is_over and latest.error is None


def test_leaving_ends_the_source():
    ended = []

    def endless():
        try:
            while True:
                yield 0.0, None
        finally:
            ended.append(True)

    with LatestFrame(endless()) as latest:
        assert latest.take(60) == (0.0, None)
    assert ended == [True]


def test_a_clip_stands_in_for_a_camera_upright_and_in_time(make_clip, tmp_path, pictures_of):
    clip = make_clip(tmp_path / "turned.mp4", frames=3, size=(96, 64), times=(0, 0.01, 0.05), rotation=90)
    frames = list(open_camera(clip))
    assert [frame.shape for _, frame in frames] == [(96, 64, 3)] * 3
    assert [round(seconds, 3) for seconds, _ in frames] == [0, 0.01, 0.05]
    _, stored = pictures_of(clip)[0]
    assert np.abs(frames[0][1].astype(int) - np.rot90(stored)).mean() < 2


@pytest.mark.parametrize(
    "name, words",
    [
        ("99", "camera 99: cannot be opened"),
        ("/dev/null", "camera /dev/null: cannot be opened"),
        ("nowhere.mp4", "nowhere.mp4: no such file"),
    ],
)
def test_cameras_that_are_none(name, words, capfd):
    """OpenCV says nothing beside it."""
    with pytest.raises(UserError, match=words):
        open_camera(name)
    assert capfd.readouterr().err == ""


def test_a_file_that_is_no_clip(root):
    with pytest.raises(UserError, match="README.md: not a video"):
        open_camera(root / "README.md")
