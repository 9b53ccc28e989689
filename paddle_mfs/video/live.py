"""Faces swapped as a camera sees them, in a window or into a file. What counts is latency: always the newest frame.

camera -> Newest (thread) -> faces found and swapped -> window -> recording
"""

import contextlib
import datetime
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import cv2
import numpy as np

from paddle_mfs.face.image import write_image
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.utils.drawing import mark_corner
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.video.camera import Newest
from paddle_mfs.video.clip_faces import ClipFaces
from paddle_mfs.video.pipeline import Summary
from paddle_mfs.video.write import write_pictures

TITLE = "paddle_mfs: s saves the frame, q quits"
ACTIONS = {ord("s"): "save", ord("S"): "save", ord("q"): "quit", ord("Q"): "quit", 27: "quit"}  # 27: Esc
PATIENCE = 0.05  # seconds without a frame after which keys are looked at again
COUNTED = 30  # frames over which the speed shown is the mean


def action(key):
    """What a key (a code of `cv2.waitKey`, -1 for none) asks for: "save", "quit" or None."""
    return None if key < 0 else ACTIONS.get(key & 0xFF)


def check_display():
    """Raise UserError when no window can be opened here. Qt ends the process that tries, so another one does."""
    tried = subprocess.run([sys.executable, "-c", "import cv2; cv2.namedWindow('paddle_mfs')"], capture_output=True)
    if tried.returncode:
        raise UserError(
            "no window can be opened (no display, or an OpenCV without windows); run it on a desktop with "
            "opencv-python, or without a window: --no-window --record output/live.mp4"
        )


class Window:
    """Shows frames, each with what it is and the frames a second in a corner. Needs a display, see `check_display`."""

    def __init__(self):
        self._times = deque(maxlen=COUNTED)

    def __enter__(self):
        # without OpenCV's own tool bar, whose "save" leaves the provenance out
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        return self

    def __exit__(self, *_):
        cv2.destroyAllWindows()

    def show(self, image, is_swapped):
        """image: (H, W, 3) uint8 RGB, left as it is."""
        is_first = not self._times
        self._times.append(time.perf_counter())
        cv2.imshow(TITLE, mark_corner(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), caption(is_swapped, self._times)))
        if is_first:  # before, Qt would lay the picture out at no size and show nothing
            cv2.waitKey(1)
            cv2.resizeWindow(TITLE, *image.shape[1::-1])

    def action(self):
        """What the user asks for now, see `action`; closing the window quits."""
        asked = action(cv2.waitKey(1))
        return "quit" if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1 else asked


def caption(is_swapped, times):
    """The words in the corner; times: seconds at which the last frames were shown."""
    words = "synthetic" if is_swapped else "no face"
    return words if len(times) < 2 else f"{words}  {(len(times) - 1) / (times[-1] - times[0]):.0f} fps"


def save_frame(image, record, folder="output"):
    """Write a frame, (H, W, 3) uint8 RGB, as live_DATE_TIME.png with its provenance -> the path."""
    path = Path(folder) / f"live_{datetime.datetime.now():%Y%m%d_%H%M%S_%f}.png"
    write_image(path, image, **save_options(path, record))
    return path


def swap_live(
    swapper, frames, facts=None, face=None, record=None, mirror=False, window=True, max_frames=None, stop=None
):
    """Swap the faces of frames as they come, until they end, somebody quits, or `stop`.

    A frame without a face is shown as it is. The recording and saved frames are what is shown, without the words in the corner.

    Args:
        swapper: FaceSwapper. frames: of `open_camera`. facts: of the frames, for the provenance, see `clip_facts`.
        face: "largest", "all", or an index, 0 being the leftmost; None: `swapper.default_face`.
        record: None, or the path of a recording, see video.write.CONTAINERS; frames keep the times at which they were seen.
        mirror: swap left and right, as a mirror does.
        window: show them; `check_display` first.
        max_frames: end after so many.
        stop: called without arguments before each frame; True ends it.
    Returns: Summary; frames are those shown (or recorded); how many were dropped is among its notes.
    Raises: UserError, one line; also when the camera stopped, after the recording was finished.
    """
    begun, summary, faces, facts = (
        time.perf_counter(),
        Summary(),
        ClipFaces(swapper, face),
        {**(facts or {}), **swapper.facts},
    )
    with contextlib.ExitStack() as opened:
        newest = opened.enter_context(Newest(frames))
        screen = opened.enter_context(Window()) if window else None
        writer, first, image = None, None, None
        while not (summary.frames == max_frames or newest.is_over or stop and stop()):
            taken = newest.take(PATIENCE)
            if taken is not None:
                seconds, image = taken
                image = np.ascontiguousarray(image[:, ::-1]) if mirror else image
                is_swapped = bool(faces.swap_rgb(image, faces.find(image, seconds)))
                summary.frames += 1
                summary.swapped += is_swapped
                if screen:
                    screen.show(image, is_swapped)
            asked = screen.action() if screen else None
            if taken is not None and record:  # after it is on the screen
                if writer is None:
                    first = seconds
                    writer = opened.enter_context(write_pictures(record, image.shape[1::-1], provenance(**facts)))
                writer.add(image, seconds - first)
            if asked == "quit":
                break
            if asked == "save" and image is not None:
                _save(image, provenance(**facts))
        if writer:
            writer.finish()
    summary.seconds, summary.notes = time.perf_counter() - begun, [f"{newest.dropped} dropped to keep up"]
    if record and not writer:
        summary.notes.append("nothing to record")
    if newest.error:
        raise newest.error
    return summary


def clip_facts(camera):
    """What the provenance says of a clip that stands in for a camera; {} of a camera."""
    return {"target_sha256": sha256(camera)} if Path(camera).is_file() else {}


def _save(image, record):
    """`save_frame`; a picture that cannot be written ends nothing."""
    try:
        print(save_frame(image, record))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
