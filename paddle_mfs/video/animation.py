"""Frames of an animated GIF, WebP, PNG or AVIF, in order, with their times: a clip without sound. Pillow reads them."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from PIL import Image

from paddle_mfs.face.image import on_background, to_rgba
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import ANIMATED, kind_of, picture_formats
from paddle_mfs.video.frame import colour_matrix
from paddle_mfs.video.read import FrameReader, VideoReader

TICK = Fraction(1, 90_000)  # seconds: 24, 25, 30 and 1000 a second and 30000/1001 are whole
MILLISECOND = 90  # ticks
TOO_SHORT, INSTEAD = 10 * MILLISECOND, 100 * MILLISECOND  # how long browsers show what asks for 10 ms or less
LARGEST = 40_000_000  # pixels of a frame, of which a dozen are in memory at once


class Shown(NamedTuple):
    """One frame: rgba (H, W, 4) uint8; time at which it is seen, stored duration and the one it is seen for, ticks."""

    rgba: np.ndarray
    time: int
    stored: int
    duration: int


class AnimationReader(FrameReader):
    """The frames of an animated picture, as they are seen: what a file stores of a frame is laid on those before it.

    Args: as of `VideoReader`, whose interface this has.

    Attributes:
        size: (width, height). time_base: seconds a tick of the frames' times; rate: frames a second, on average.
        begin: seconds that become 0 in the frames' times. plays: how often it is played, 0: for ever.
        is_part: was less than the whole asked for? total: frames expected; skipped: 0, what is damaged ends it.
        turn, pixel_aspect: the frames are upright and their pixels square.

    Raises: UserError, one line, when it cannot be opened, is too large, or no frame (in that part) can be read.
    """

    time_base, turn, pixel_aspect, skipped = TICK, (False, False, False), 1.0, 0
    format = av.VideoFormat("yuva420p")  # as encoders are to see it: what players of clips take

    def __init__(
        self,
        path: str | Path,
        start: float | None = None,
        end: float | None = None,
        max_frames: int | None = None,
    ):
        super().__init__(path, start, end, max_frames)
        self._start, self._end = start or 0, float("inf") if end is None else end
        self._image, self._count = _opened(self.path)
        self.size = self._image.size
        if self.size[0] * self.size[1] > LARGEST:
            self.close()
            raise UserError(f"{path}: has more than {LARGEST // 10**6} million pixels a frame; make it smaller")
        self._skips_first = bool(self._image.info.get("default_image"))  # a PNG's picture for those who know no more
        self.plays = _plays(self._image)
        self._is_cut_off = self._is_flattened = False
        self._decoding = self._decode()
        self._first = first = self._first_of(self._decoding, "a file that opens")
        self.size = first.rgba.shape[1], first.rgba.shape[0]  # as it is turned
        self.begin = float(first.time * TICK) if start else 0.0
        self.rate = min(1 / (first.duration * TICK), Fraction(1000))
        self.step = first.duration
        counts = [] if self._count is None else [self._count - self._skips_first]
        counts += [] if max_frames is None else [max_frames]
        self.total = min(counts, default=None) if start is None and end is None else None

    def close(self) -> None:
        """Close the file."""
        self._image.close()

    @property
    def notes(self) -> list[str]:
        """What is to be told of the frames read so far, a sentence each."""
        notes = ["the file is damaged or ends in the middle: what could be read is kept"] if self._is_cut_off else []
        return notes + (["transparency is laid on white"] if self._is_flattened else [])

    def frames(self, pixel_format: str) -> Iterator[av.VideoFrame]:
        """Yield each frame once, writable, in `pixel_format`, its pts (in `time_base`) from 0 on.

        In "rgba" they are as transparent as they are, and their duration is the stored one, which may be 0; in another
        format they lie on white, and it is how long they are seen.
        """
        converter = av.video.reformatter.VideoReformatter()
        begin = round(self.begin / TICK)
        for rgba, time, stored, duration in itertools.chain([self._first], self._decoding):
            if pixel_format == "rgba":
                frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
                frame.duration = stored
            else:
                self._is_flattened |= bool((rgba[..., 3] < 255).any())
                picture = av.VideoFrame.from_ndarray(on_background(rgba), format="rgb24")
                frame = converter.reformat(
                    picture, format=pixel_format, dst_colorspace=colour_matrix(picture), threads=1
                )
                frame.make_writable()
                frame.duration = duration
            frame.pts, frame.time_base = time - begin, TICK
            yield frame

    def _decode(self) -> Iterator[Shown]:
        """The frames of the part asked for."""
        time = given = 0
        for number in itertools.count(int(self._skips_first)):
            if number == self._count:
                break
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._image.seek(number)
                    self._image.load()
                rgba = to_rgba(self._image)
            except Exception:  # what follows lies on it, so it ends here
                self._is_cut_off = True
                return
            stored = round(self._image.info.get("duration", 0) * MILLISECOND)
            duration = stored if stored > TOO_SHORT else INSTEAD
            seconds = time * TICK
            if seconds >= self._end or given == self._limit:
                return
            if seconds >= self._start:
                given += 1
                yield Shown(rgba, time, stored, duration)
            time += duration
        self._is_cut_off = self._image.format == "GIF" and not _is_ended(self.path)


def _opened(path):
    """(Pillow's image, how many frames it has; None where that cannot be told of a damaged one)."""
    formats = [name for name in picture_formats() if name in ANIMATED]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(path, formats=formats)
            try:
                return image, getattr(image, "n_frames", 1)
            except Exception:  # Pillow's readers raise nearly anything on damaged files
                image.close()
            return Image.open(path, formats=formats), None
        except Exception as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{path}: cannot be read as an animation ({reason}); give a file that opens") from None


def _plays(image):
    """How often an animation is played, 0: for ever. A GIF says how often it is played again, or nothing."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else loop and loop + 1
    return loop or 0


def _is_ended(path):
    """Does a GIF end with its mark? Some programs write zeros after it."""
    with open(path, "rb") as file:
        file.seek(-min(path.stat().st_size, 64), 2)
        return file.read().rstrip(b"\0").endswith(b";")


def open_reader(
    path: str | Path, start: float | None = None, end: float | None = None, max_frames: int | None = None
) -> AnimationReader | VideoReader:
    """The reader for a clip or an animated picture; arguments and errors as of `VideoReader`."""
    reader = AnimationReader if kind_of(path) == "animation" else VideoReader
    return reader(path, start, end, max_frames)
