"""Frames as they happen: of a camera, or of a clip that stands in for one and is played at its own speed."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import av
import cv2
import numpy as np

from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.animation import open_reader
from paddle_mfs.video.frame import Picture

TimedFrames = Generator[tuple[float, np.ndarray | None], None, None]  # see `open_camera`
PATIENCE = 2.0  # seconds that closing waits for a camera which gives nothing
RETRY = 0.5  # seconds between two looks for a camera that is gone


def open_camera(camera: str | int | Path, is_looped: bool = False) -> TimedFrames:
    """Open a camera, or a clip in its place.

    Args:
        camera: index ("0" is the first camera), path of a device ("/dev/video2"), or path of a clip.
        is_looped: a clip begins again when it ends.
    Returns: generator of (seconds, frame): when it is to be seen, from the first one on; (H, W, 3) uint8 RGB, upright,
        of any size. A camera that stops is waited for, and told in one line: meanwhile the frame is None.
    Raises: UserError, one line, when there is no such camera, it cannot be opened or gives no picture, or the file is
        no clip.
    """
    camera = str(camera)
    if camera.isdigit() or Path(camera).is_char_device():
        device = int(camera) if camera.isdigit() else camera
        return _camera_frames(camera, device, _open_device(camera, device))
    return _clip_frames(open_reader(camera), is_looped)


@contextlib.contextmanager
def _silence():
    """Within it OpenCV says nothing: each way it tries would say why it failed."""
    level = cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)


def _open_device(name, device):
    with _silence():
        capture = cv2.VideoCapture(device)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # where the driver can: no old frames wait in it
        is_open, is_giving = capture.isOpened(), capture.read()[0]
    if not is_open:
        raise UserError(
            f"camera {name}: cannot be opened; plug it in, check its permissions, or choose another "
            "(an index from 0, a device path, or a clip)"
        )
    if not is_giving:
        capture.release()
        raise UserError(f"camera {name}: gives no picture; close other programs that use it, or choose another")
    return capture


def _camera_frames(name, device, capture):
    begun = time.perf_counter()
    try:
        while True:
            with _silence():
                is_read, image = capture.read()
            if is_read:
                yield time.perf_counter() - begun, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                continue
            capture.release()  # what is plugged in again may get its old number only then
            print(f"camera {name}: gives no pictures any more; waiting for it (q or Ctrl-C quits)", file=sys.stderr)
            while not capture.isOpened():
                yield time.perf_counter() - begun, None
                time.sleep(RETRY)
                with contextlib.suppress(UserError):
                    capture = _open_device(name, device)
    finally:
        capture.release()


def _clip_frames(reader, is_looped):
    converter, begin = av.video.reformatter.VideoReformatter(), 0.0
    while True:
        with reader:
            for frame in reader.frames(reader.format.name):
                seconds = begin + frame.time
                yield seconds, Picture(frame, reader.turn, converter, reader.pixel_aspect).shown
        if not is_looped:
            return
        begin = seconds + float(reader.step * reader.time_base)
        gc.collect()  # a frame and its side data refer to each other: else one frame more in memory each time
        reader = open_reader(reader.path)


class LatestFrame:
    """The latest of the frames: a thread takes each as it comes; one that nobody took before the next came is dropped.

    Args:
        frames: generator of (seconds, frame), see `open_camera`; a frame is not given before its time has come, and
            None never.

    Attributes:
        dropped: frames dropped so far. error: what ended the frames, None when they just came to their end.

    Use it in a `with`; it ends the thread, and with it `frames`.
    """

    def __init__(self, frames: TimedFrames):
        self.dropped = 0
        self.error: Exception | None = None
        self._latest: tuple[float, np.ndarray] | None = None
        self._frames, self._is_ended = frames, False
        self._news, self._stopped = threading.Condition(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> LatestFrame:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE)

    @property
    def is_over(self) -> bool:
        """Have all frames been taken, and will no more come?"""
        with self._news:
            return self._is_ended and self._latest is None

    def take(self, patience: float) -> tuple[float, np.ndarray] | None:
        """(seconds, frame) of the latest frame, if it was not taken yet; None when none comes in `patience` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._latest is not None or self._is_ended, patience)
            taken, self._latest = self._latest, None
            return taken

    def _work(self):
        begun = time.perf_counter()
        try:
            for seconds, frame in self._frames:
                if self._stopped.wait(max(seconds - (time.perf_counter() - begun), 0)):
                    break
                if frame is None:
                    continue
                with self._news:
                    self.dropped += self._latest is not None
                    self._latest = seconds, frame
                    self._news.notify()
        except Exception as error:  # whoever takes the frames raises it when they are done
            self.error = error
        finally:
            self._frames.close()
            with self._news:
                self._is_ended = True
                self._news.notify()
