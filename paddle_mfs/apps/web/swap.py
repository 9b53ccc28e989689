"""What the page asks for: checking what was uploaded, and one swap at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import av

from paddle_mfs.apps.plan import plan
from paddle_mfs.apps.web.sessions import Session
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.select import check_which
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_of
from paddle_mfs.video.animation import TICK, AnimationReader
from paddle_mfs.video.pipeline import ClipOptions, Summary, swap_video
from paddle_mfs.video.read import VideoReader


class Swaps:
    """Swaps for the page, the networks loaded once. Not to be called by two threads at once.

    Args:
        weights, encoder, engine: see FaceSwapper.
    """

    def __init__(
        self, weights: str | Path | None = None, encoder: str | Path | None = None, engine: str = "auto"
    ) -> None:
        self._weights, self._encoder, self._engine = weights, encoder, engine
        self._swapper: FaceSwapper | None = None

    def run(
        self,
        session: Session,
        face: str | int,
        options: SwapOptions,
        clip_options: ClipOptions,
        progress: Callable[[int, int | None], object],
    ) -> tuple[Path, Summary | None]:
        """Swap what is in `session.files`.

        Args:
            face: "largest", "all" or an index. options: SwapOptions. clip_options: of `swap_video`.
            progress: called with (frames done, frames expected or None).
        Returns: path of the output, and the Summary of a clip, else None.
        Raises: UserError, one line.
        """
        for role, kind in (("source", "source picture"), ("target", "target picture or clip")):
            if role not in session.files:
                raise UserError(f"no {kind} yet; choose one first")
        check_which(face)
        session.tidy()
        source = session.files["source"]
        [job] = plan([source], [session.files["target"]], f"{session.new_folder()}/")
        if self._swapper is None:
            self._swapper = FaceSwapper(source, self._weights, self._encoder, self._engine)
        swapper = self._swapper.with_source(source)
        swapper.options = options
        if job.kind == "picture":
            swapper.swap_file(job.target, job.output, face)
            return job.output, None
        return job.output, swap_video(
            swapper, job.target, job.output, face, clip_options, progress, stop=lambda: session.is_ended
        )


def preview(path: Path, longest: float) -> Path:
    """Check an uploaded file -> path of what a browser can show of it: a clip itself, a picture as JPEG beside it.

    Args:
        longest: seconds that a clip may last.
    Raises: UserError when it cannot be read or lasts longer.
    """
    if kind_of(path) not in ("animation", "clip"):
        shown = path.with_name(f"{path.stem}.preview.jpg")  # longer than its name, never itself
        write_image(shown, read_image(path))
        return shown
    seconds = clip_seconds(path)
    if seconds > longest:
        raise UserError(
            f"{path}: lasts {seconds:.1f} s, the limit is {longest:g} s; cut it, or start with a larger --max-seconds"
        )
    return path


def clip_seconds(path: str | Path) -> float:
    """How long a clip's pictures last, in seconds, by its packets: what a header says may be missing or wrong."""
    last = 0.0
    if kind_of(path) == "animation":
        with AnimationReader(path) as animation:
            return max(float((frame.pts + frame.duration) * TICK) for frame in animation.frames("rgb24"))
    with VideoReader(path) as reader, contextlib.suppress(av.error.FFmpegError, OSError):  # it may end in the middle
        for packet in reader.container.demux(reader.stream):
            time = packet.dts if packet.pts is None else packet.pts
            if time is not None:
                last = max(last, float((time + (packet.duration or 0)) * packet.time_base) - float(reader.origin))
    return last
