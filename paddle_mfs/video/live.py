"""Faces swapped as a camera sees them, in a window or into a file. What counts is latency: always the latest frame.

camera -> LatestFrame (thread) -> faces found and swapped -> window -> recording
"""

from __future__ import annotations

import contextlib
import datetime
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.image import write_image
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.badge import add_badge
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.video.camera import LatestFrame, TimedFrames
from paddle_mfs.video.clip_faces import ClipFaces
from paddle_mfs.video.pipeline import Summary
from paddle_mfs.video.read import check_part
from paddle_mfs.video.window import Window
from paddle_mfs.video.write import PictureWriter, write_pictures

MOST_VIEWS = 12  # looks for newcomers a frame, lest a picture that moves all over makes the next frame late
PATIENCE = 0.05  # seconds without a frame after which keys are looked at again


@dataclass(frozen=True)
class LiveOptions:
    """What is swapped and where it goes.

    face: "largest", "all", or an index, 0 being the leftmost; None: `FaceSwapper.default_face`.
    record: None, or the path of a recording, see `encoding.CONTAINERS`; frames keep the times at which they were seen.
    is_mirrored: swap left and right, as a mirror does.
    has_window: show the frames; `window.check_display` first.
    max_frames: end after so many.
    """

    face: str | int | None = None
    record: str | Path | None = None
    is_mirrored: bool = False
    has_window: bool = True
    max_frames: int | None = None

    def __post_init__(self):
        check_part(max_frames=self.max_frames)


def swap_live(
    swapper: FaceSwapper,
    frames: TimedFrames,
    facts: Mapping[str, Any] | None = None,
    options: LiveOptions = LiveOptions(),
    stop: Callable[[], bool] | None = None,
) -> Summary:
    """Swap the faces of frames as they come, until they end, somebody quits, or `stop`.

    A frame without a face is shown as it is. The recording and saved frames are what is shown, but for the words in
    the corner.

    Args:
        swapper: FaceSwapper. frames: of `open_camera`. facts: of the frames, for the provenance, see `clip_facts`.
        options: which faces, and where the frames go.
        stop: called without arguments before each frame; True ends it.
    Returns: Summary; frames are those shown (or recorded); how many were dropped is among its notes.
    Raises: UserError, one line, after the recording was finished.
    """
    begun, summary, faces = time.perf_counter(), Summary(), ClipFaces(swapper, options.face, MOST_VIEWS)
    facts = {**(facts or {}), **swapper.facts}
    with contextlib.ExitStack() as opened:
        latest = opened.enter_context(LatestFrame(frames))
        window = opened.enter_context(Window()) if options.has_window else None
        writer: PictureWriter | None = None
        image: np.ndarray | None = None
        first = 0.0  # seconds of the first frame recorded
        while not (summary.frames == options.max_frames or latest.is_over or stop and stop()):
            taken = latest.take(PATIENCE)
            if taken is not None:
                seconds, image = taken
                image = np.ascontiguousarray(image[:, ::-1]) if options.is_mirrored else image
                is_swapped = bool(faces.swap_rgb(image, faces.find(image, seconds)))
                if swapper.badge and is_swapped:
                    add_badge(image)
                summary.frames += 1
                summary.swapped += is_swapped
                if window:
                    window.show(image, is_swapped)
            asked = window.action() if window else None
            if taken is not None and image is not None and options.record:  # after it is on the screen
                if writer is None:
                    first, size = taken[0], (image.shape[1], image.shape[0])
                    writer = opened.enter_context(write_pictures(options.record, size, provenance(**facts)))
                writer.add(image, taken[0] - first)
            if asked == "quit":
                break
            if asked == "save" and image is not None:
                _save(image, provenance(**facts))
        if writer:
            writer.finish()
    summary.seconds, summary.notes = time.perf_counter() - begun, [f"{latest.dropped} dropped to keep up", *faces.notes]
    if options.record and not writer:
        summary.notes.append("nothing to record")
    if latest.error:
        raise latest.error
    return summary


def clip_facts(camera: str | Path) -> dict[str, str]:
    """What the provenance says of a clip that stands in for a camera; {} of a camera."""
    return {"target_sha256": sha256(camera)} if Path(camera).is_file() else {}


def save_frame(image: np.ndarray, record: Mapping[str, Any], folder: str | Path = "output") -> Path:
    """Write a frame, (H, W, 3) uint8 RGB, as live_DATE_TIME.png with its provenance -> the path."""
    path = Path(folder) / f"live_{datetime.datetime.now():%Y%m%d_%H%M%S_%f}.png"
    write_image(path, image, **save_options(path, record))
    return path


def _save(image: np.ndarray, record: Mapping[str, Any]) -> None:
    """`save_frame`; a picture that cannot be written ends nothing."""
    try:
        print(save_frame(image, record))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
