"""Live: what is shown is recorded, also when the camera stops; saved frames."""

import threading

import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.provenance import provenance, read_provenance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video import camera
from paddle_mfs.video.live import LiveOptions, save_frame, swap_live


class Unhurried:
    """A swapper and frames for it: the next frame comes when the last one is being swapped, so that none is dropped,
    however slow the machine is."""

    def __init__(self, swapper, frames):
        self._swapper, self._asked = swapper, threading.Semaphore(1)
        self.frames = (frame for frame in frames if self._asked.acquire())

    def __getattr__(self, name):
        return getattr(self._swapper, name)

    def patches(self, *args):
        self._asked.release()
        return self._swapper.patches(*args)


def test_what_is_seen_is_recorded(swapper, make_clip, tmp_path, pictures_of):
    """Every frame of a clip: the face swapped, the rest as it was, mirrored; then a scene without a face as it is."""
    clip, grey = make_clip(tmp_path / "clip.mp4", frames=4, size=(256, 192)), np.full((192, 256, 3), 90, np.uint8)
    shown = [image for _, image in pictures_of(clip)]
    unhurried = Unhurried(swapper, [*((0.04 * number, image) for number, image in enumerate(shown)), (0.4, grey)])
    summary = swap_live(
        unhurried,
        unhurried.frames,
        {"target_sha256": "0" * 64},
        LiveOptions(record=tmp_path / "live.mp4", is_mirrored=True, has_window=False),
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


def test_a_camera_that_stops_leaves_a_recording_that_plays(swapper, make_clip, tmp_path, pictures_of):
    """OpenCV reads the clip as it reads a device, and has no more when it ends."""
    capture = cv2.VideoCapture(str(make_clip(tmp_path / "clip.mp4", frames=3)))
    frames = camera._camera_frames("7", capture)
    with pytest.raises(UserError, match="camera 7: stopped giving pictures"):
        swap_live(swapper, frames, options=LiveOptions(record=tmp_path / "live.mkv", has_window=False))
    assert pictures_of(tmp_path / "live.mkv") and read_provenance(tmp_path / "live.mkv") and not capture.isOpened()


def test_quitting_before_the_first_frame_writes_nothing(swapper, tmp_path):
    options = LiveOptions(record=tmp_path / "live.mp4", has_window=False)
    summary = swap_live(swapper, (frame for frame in ()), options=options)
    assert summary.frames == 0 and "nothing to record" in str(summary) and list(tmp_path.iterdir()) == []


def test_saved_frames_carry_their_provenance_and_do_not_replace_each_other(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    paths = {save_frame(image, provenance(source_sha256="1" * 64), tmp_path) for _ in range(3)}
    assert len(paths) == 3
    for path in paths:
        assert (read_image(path) == image).all() and read_provenance(path)["source_sha256"] == "1" * 64
