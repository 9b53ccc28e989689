"""A window that shows frames, with a word on what each is, and listens to keys."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np

from paddle_mfs.utils.drawing import mark_corner
from paddle_mfs.utils.errors import UserError

TITLE = "paddle_mfs: s saves the frame, q quits"
ACTIONS = {ord("s"): "save", ord("S"): "save", ord("q"): "quit", ord("Q"): "quit", 27: "quit"}  # 27: Esc
COUNTED = 30  # frames over which the speed shown is the mean


class Window:
    """Shows frames, each with what it is and the frames a second in a corner. Needs a display, see `check_display`."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=COUNTED)

    def __enter__(self) -> Window:
        # without OpenCV's own tool bar, whose "save" leaves the provenance out
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        return self

    def __exit__(self, *_: object) -> None:
        cv2.destroyAllWindows()

    def show(self, image: np.ndarray, is_swapped: bool) -> None:
        """image: (H, W, 3) uint8 RGB, left as it is."""
        is_first = not self._times
        self._times.append(time.perf_counter())
        cv2.imshow(TITLE, mark_corner(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), caption(is_swapped, self._times)))
        if is_first:  # before, Qt would lay the picture out at no size and show nothing
            cv2.waitKey(1)
            cv2.resizeWindow(TITLE, *image.shape[1::-1])

    def action(self) -> str | None:
        """What the user asks for now, see `action`; closing the window quits."""
        asked = action(cv2.waitKey(1))
        return "quit" if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1 else asked


def action(key: int) -> str | None:
    """What a key (a code of `cv2.waitKey`, -1 for none) asks for: "save", "quit" or None."""
    return None if key < 0 else ACTIONS.get(key & 0xFF)


def caption(is_swapped: bool, times: Sequence[float]) -> str:
    """The words in the corner; times: seconds at which the last frames were shown."""
    words = "synthetic" if is_swapped else "no face"
    return words if len(times) < 2 else f"{words}  {(len(times) - 1) / (times[-1] - times[0]):.0f} fps"


def check_display() -> None:
    """Raise UserError when no window can be opened here. Qt ends the process that tries, so another one does."""
    tried = subprocess.run([sys.executable, "-c", "import cv2; cv2.namedWindow('paddle_mfs')"], capture_output=True)
    if tried.returncode:
        raise UserError(
            "no window can be opened (no display, or an OpenCV without windows); run it on a desktop with "
            "opencv-python, or without a window: --no-window --record output/live.mp4"
        )
