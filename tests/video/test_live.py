"""Live: what is shown is recorded, also when the camera stops; saved frames."""

import threading

import cv2
import numpy as np

from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.provenance import provenance, read_provenance
from paddle_mfs.video import camera
from paddle_mfs.video.live import LiveOptions, save_frame, swap_live

SIZES = (256, 192), (512, 384), (192, 256), (256, 128)


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


def test_a_camera_that_goes_and_comes_back(swapper, make_clip, tmp_path, pictures_of, monkeypatch, capfd):
    """OpenCV reads the clip as it reads a device: it ends, is gone for a while, and begins anew."""
    monkeypatch.setattr(camera, "RETRY", 0.02)
    device, away, waits = make_clip(tmp_path / "clip.mp4", frames=3), tmp_path / "away.mp4", 0

    def frames():
        nonlocal waits
        for seconds, frame in camera._camera_frames("7", str(device), camera._open_device("7", str(device))):
            waits += frame is None
            if waits == 1 and frame is None:
                device.rename(away)
            if waits == 3 and away.exists():
                away.rename(device)
            yield seconds, frame

    options = LiveOptions(record=tmp_path / "live.mkv", has_window=False)
    summary = swap_live(swapper, frames(), options=options, stop=lambda: waits >= 5)
    assert summary.frames >= 1 and 5 <= waits
    assert len(pictures_of(tmp_path / "live.mkv")) == summary.frames and read_provenance(tmp_path / "live.mkv")
    assert capfd.readouterr().err.count("camera 7: gives no pictures any more; waiting for it") >= 2


def test_quitting_while_the_camera_is_away(swapper):
    """What is asked of the window is asked, camera or not."""
    asked = []

    def gone():
        while True:
            yield 0.0, None

    summary = swap_live(
        swapper, gone(), options=LiveOptions(has_window=False), stop=lambda: asked.append(1) or len(asked) > 3
    )
    assert summary.frames == 0 and len(asked) == 4


def test_frames_of_changing_size(swapper, make_clip, tmp_path, pictures_of):
    """The recording keeps the first one's; others are fitted in."""
    images = [pictures_of(make_clip(tmp_path / f"{size}.mp4", frames=1, size=size))[0][1] for size in SIZES]
    unhurried = Unhurried(swapper, [(0.04 * number, image.copy()) for number, image in enumerate(images)])
    options = LiveOptions(record=tmp_path / "live.mp4", has_window=False)
    summary = swap_live(unhurried, unhurried.frames, options=options)
    assert (summary.frames, summary.swapped) == (4, 4)
    recorded = [frame for _, frame in pictures_of(tmp_path / "live.mp4")]
    assert [frame.shape for frame in recorded] == [(192, 256, 3)] * 4
    first, larger, turned, small = (frame.astype(int) for frame in recorded)
    assert np.abs(larger - first).mean() < 6  # the same shape, twice as large
    assert turned[:, :40].max() < 12 > turned[:, -40:].max() and turned[:, 60:-60].mean() > 60  # bars at its sides
    assert small[:20].max() < 12 > small[-20:].max() and small[40:-40].mean() > 60  # above and below


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
