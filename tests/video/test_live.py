"""Live: only the newest frame counts, what is shown is recorded, keys, cameras that fail."""

import threading
import time

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.provenance import provenance, read_provenance
from paddle_mfs.utils.drawing import mark_corner
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video import camera
from paddle_mfs.video.camera import Newest, open_camera
from paddle_mfs.video.live import action, caption, save_frame, swap_live
from paddle_mfs.video.write import write_pictures


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def pictures_of(path):
    """[(seconds, (H, W, 3) uint8 RGB)] of a clip."""
    with av.open(str(path)) as clip:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in clip.decode(video=0)]


class Unhurried:
    """A swapper and frames for it: the next frame comes when the last one is being swapped, so that none is dropped, however
    slow the machine is."""

    def __init__(self, swapper, frames):
        self._swapper, self._asked = swapper, threading.Semaphore(1)
        self.frames = (frame for frame in frames if self._asked.acquire())

    def __getattr__(self, name):
        return getattr(self._swapper, name)

    def patches(self, *args):
        self._asked.release()
        return self._swapper.patches(*args)


def test_a_slow_consumer_gets_the_newest_frame():
    with Newest((0.001 * number, number) for number in range(10)) as newest:
        wait_until(lambda: newest.dropped == 9)
        assert not newest.is_over
        assert newest.take(1)[1] == 9 and newest.take(1) is None
        assert newest.is_over and newest.error is None


def test_leaving_ends_the_source():
    ended = []

    def endless():
        try:
            while True:
                yield 0.0, None
        finally:
            ended.append(True)

    with Newest(endless()) as newest:
        assert newest.take(60) == (0.0, None)
    assert ended == [True]


def test_what_is_seen_is_recorded(swapper, make_clip, tmp_path):
    """Every frame of a clip: the face swapped, the rest as it was, mirrored; then a scene without a face passes through."""
    clip, grey = make_clip(tmp_path / "clip.mp4", frames=4, size=(256, 192)), np.full((192, 256, 3), 90, np.uint8)
    shown = [image for _, image in pictures_of(clip)]
    unhurried = Unhurried(swapper, [*((0.04 * number, image) for number, image in enumerate(shown)), (0.4, grey)])
    summary = swap_live(
        unhurried,
        unhurried.frames,
        {"target_sha256": "0" * 64},
        record=tmp_path / "live.mp4",
        mirror=True,
        window=False,
    )
    assert (summary.frames, summary.swapped) == (5, 4) and "1 passed through" in str(summary)
    recorded = pictures_of(tmp_path / "live.mp4")
    assert [round(seconds, 3) for seconds, _ in recorded] == [0, 0.04, 0.08, 0.12, 0.4]
    for (_, result), image in zip(recorded, shown):
        image = image[:, ::-1]
        inside = oval_mask(swapper.analyser.largest(np.ascontiguousarray(image)).landmarks, *image.shape[:2]) > 0.5
        outside = cv2.dilate(inside.astype(np.uint8), np.ones((41, 41))) == 0
        difference = np.abs(result.astype(int) - image).mean(2)
        assert difference[inside].mean() > 8 and difference[outside].mean() < 3
    assert np.abs(recorded[-1][1].astype(int) - grey).max() <= 3
    facts = read_provenance(tmp_path / "live.mp4")
    assert facts["synthetic"] is True and facts["target_sha256"] == "0" * 64
    assert facts["weights"] == swapper.facts["weights"] and list(tmp_path.glob("*.part*")) == []


def test_a_camera_that_stops_leaves_a_recording_that_plays(swapper, make_clip, tmp_path):
    """OpenCV reads the clip as it reads a device, and has no more when it ends."""
    capture = cv2.VideoCapture(str(make_clip(tmp_path / "clip.mp4", frames=3)))
    frames = camera._camera_frames("7", capture)
    with pytest.raises(UserError, match="camera 7: stopped giving pictures"):
        swap_live(swapper, frames, record=tmp_path / "live.mkv", window=False)
    assert pictures_of(tmp_path / "live.mkv") and read_provenance(tmp_path / "live.mkv") and not capture.isOpened()


def test_quitting_before_the_first_frame_writes_nothing(swapper, tmp_path):
    summary = swap_live(swapper, (frame for frame in ()), record=tmp_path / "live.mp4", window=False)
    assert summary.frames == 0 and "nothing to record" in str(summary) and list(tmp_path.iterdir()) == []


def test_a_clip_stands_in_for_a_camera_upright_and_in_time(make_clip, tmp_path):
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


@pytest.mark.parametrize("size", [(63, 41), (64, 48)])
def test_pictures_keep_their_times_and_sizes(tmp_path, size):
    image = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 1), np.uint8).repeat(3, 2)
    with write_pictures(tmp_path / "out.mp4", size, provenance()) as writer:
        for seconds in (0, 0.02, 0.02, 1.5):
            writer.add(image, seconds)
        writer.finish()
    pictures = pictures_of(tmp_path / "out.mp4")
    assert [round(seconds, 3) for seconds, _ in pictures] == [0, 0.02, 0.021, 1.5]
    assert all(
        picture.shape == image.shape and np.abs(picture.astype(int) - image).mean() < 12 for _, picture in pictures
    )


@pytest.mark.parametrize(
    "key, asked",
    [
        (ord("s"), "save"),
        (ord("S"), "save"),
        (ord("q"), "quit"),
        (27, "quit"),
        (ord("s") | 1 << 20, "save"),
        (-1, None),
        (255, None),
        (ord("x"), None),
    ],
)
def test_keys(key, asked):
    assert action(key) == asked


def test_saved_frames_carry_their_provenance_and_do_not_replace_each_other(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    paths = {save_frame(image, provenance(source_sha256="1" * 64), tmp_path) for _ in range(3)}
    assert len(paths) == 3
    for path in paths:
        assert (read_image(path) == image).all() and read_provenance(path)["source_sha256"] == "1" * 64


def test_the_corner_says_what_is_shown():
    assert caption(True, [0.0]) == "synthetic" and caption(True, [0.0, 0.1, 0.2]) == "synthetic  10 fps"
    assert caption(False, [0.0, 0.05]) == "no face  20 fps"
    image = np.full((480, 640, 3), 128, np.uint8)
    changed = (mark_corner(image.copy(), "synthetic  10 fps") != image).any(2)
    assert changed[:60, :320].any() and not changed[60:].any() and not changed[:, 320:].any()
