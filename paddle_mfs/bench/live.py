"""Whether the live swap's memory stays flat: a clip in a camera's place, again and again, swapped and recorded."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mfs.bench.video import resident_mb, write_clip
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.video.camera import open_camera
from paddle_mfs.video.live import LiveOptions, swap_live

if TYPE_CHECKING:
    from paddle_mfs.swap.swapper import FaceSwapper

SIZE, FRAMES = (640, 480), 125  # the clip: pixels, and five seconds of it
PARTS = 10  # of the time; each is a row of the table


def measure(swapper: FaceSwapper, picture: np.ndarray, minutes: float) -> dict[str, Any]:
    """Play a clip made of a picture for so long.

    Args:
        picture: (H, W, 3) uint8 RGB with one face.
    Returns: seconds, frames (shown), swapped; memory: list of [seconds, MB resident] at the end of each
        tenth of the time.
    """
    memory: list[list[float]] = []
    with TemporaryDirectory() as folder:
        clip, output = Path(folder) / "clip.mp4", Path(folder) / "live.mp4"
        write_clip(clip, picture, SIZE, FRAMES)
        begun = time.perf_counter()

        def is_over() -> bool:
            seconds = time.perf_counter() - begun
            if seconds >= minutes * 60 * (len(memory) + 1) / PARTS:
                memory.append([round(seconds, 1), resident_mb()])
            return len(memory) == PARTS

        options = LiveOptions(record=output, has_window=False)
        summary = swap_live(swapper, open_camera(clip, is_looped=True), options=options, stop=is_over)
    return {"seconds": summary.seconds, "frames": summary.frames, "swapped": summary.swapped, "memory": memory}


def markdown(report: dict[str, Any]) -> str:
    """The report as a Markdown table."""
    rows = [(f"{seconds / 60:.1f}", f"{memory:.0f}") for seconds, memory in report["memory"]]
    grown = report["memory"][-1][1] - report["memory"][0][1]
    told = f"{report['frames']} frames, {report['swapped']} swapped; from the first row to the last {grown:+.0f} MB"
    return f"{markdown_table(('minutes', 'memory, MB'), rows)}\n\n{told}"
