"""Frames as they happen: only the latest counts; a clip stands in for a camera; cameras that fail."""

import time

import numpy as np
import pytest

from paddle_mfs.utils.errors import UserError
from paddle_mfs.video import camera
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
                yield 0.0, "frame"
        finally:
            ended.append(True)

    with LatestFrame(endless()) as latest:
        assert latest.take(60) == (0.0, "frame")
    assert ended == [True]


def test_a_clip_stands_in_for_a_camera_upright_and_in_time(make_clip, tmp_path, pictures_of):
    clip = make_clip(tmp_path / "turned.mp4", frames=3, size=(96, 64), times=(0, 0.01, 0.05), rotation=90)
    frames = list(open_camera(clip))
    assert [frame.shape for _, frame in frames] == [(96, 64, 3)] * 3
    assert [round(seconds, 3) for seconds, _ in frames] == [0, 0.01, 0.05]
    _, stored = pictures_of(clip)[0]
    assert np.abs(frames[0][1].astype(int) - np.rot90(stored)).mean() < 2


def test_a_looped_clip_goes_on_in_time(make_clip, tmp_path):
    frames = open_camera(make_clip(tmp_path / "clip.mp4", frames=3), is_looped=True)
    taken = [next(frames) for _ in range(8)]
    frames.close()
    assert [round(seconds, 3) for seconds, _ in taken] == [round(0.04 * number, 3) for number in range(8)]
    assert (taken[0][1] == taken[3][1]).all() and (taken[1][1] == taken[7][1]).all()


@pytest.fixture
def unplugged(make_clip, tmp_path, monkeypatch):
    """Frames of a camera that is unplugged after three, and the path that plugs it in again: for OpenCV a clip that
    ends, and whose file is away, is a device that stops and is gone. It reads both with the same calls."""
    monkeypatch.setattr(camera, "RETRY", 0.02)
    device, away = make_clip(tmp_path / "device.mp4", frames=4), tmp_path / "away.mp4"
    frames = camera._camera_frames("7", str(device), camera._open_device("7", str(device)))  # opening takes one frame
    device.rename(away)
    yield frames, lambda: away.rename(device)


def test_a_camera_that_is_unplugged_is_waited_for(unplugged, capfd):
    frames, plug_in = unplugged
    taken = [next(frames) for _ in range(6)]
    assert [frame is None for _, frame in taken] == [False] * 3 + [True] * 3
    plug_in()
    while (back := next(frames))[1] is None:
        pass
    taken.append(back)
    frames.close()
    assert (taken[-1][1] == taken[0][1]).all()
    times = [seconds for seconds, _ in taken]
    assert times == sorted(times) and times[-1] > 0.02
    told = "camera 7: gives no pictures any more; waiting for it (q or Ctrl-C quits)\n"
    assert capfd.readouterr().err == told


def test_who_takes_frames_waits_for_the_camera(unplugged, capfd):
    frames, plug_in = unplugged
    with LatestFrame(frames) as latest:
        wait_until(lambda: "waiting for it" in capfd.readouterr().err)
        assert latest.take(0) is not None and latest.take(0.05) is None and not latest.is_over
        plug_in()
        assert latest.take(60) is not None


def test_leaving_while_the_camera_is_away(unplugged, capfd):
    with LatestFrame(unplugged[0]) as latest:
        wait_until(lambda: "waiting for it" in capfd.readouterr().err)
    assert not latest._thread.is_alive()


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
