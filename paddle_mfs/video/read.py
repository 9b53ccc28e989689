"""Frames of a clip, in order, with their times; whatever FFmpeg reads."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import av

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import FFMPEG
from paddle_mfs.utils.numbers import check_number
from paddle_mfs.video.frame import colour_matrix, orientation
from paddle_mfs.video.timeline import Timeline, may_jump, packets

if TYPE_CHECKING:
    from typing_extensions import Self

Frame = TypeVar("Frame")


def check_part(start: float | None = None, end: float | None = None, max_frames: int | None = None) -> None:
    """Raise UserError, one line, when they name no part of a clip: seconds from 0 on, the end after the start."""
    if start is not None:
        check_number("start", start, 0)
    if end is not None:
        check_number("end", end, start or 0, above=True)
    if max_frames is not None:
        check_number("max-frames", max_frames, 1)


def open_clip(path: str | Path) -> av.container.InputContainer:
    """av.open for reading. Raises UserError when `path` is missing, empty or nothing that FFmpeg knows."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; give a clip")
    if not path.stat().st_size:
        raise UserError(f"{path}: the file is empty; give another clip")
    try:
        return av.open(str(path), options=FFMPEG, metadata_errors="replace")
    except UnicodeEncodeError:
        raise UserError(f"{path}: the name is not UTF-8; rename it") from None
    except PermissionError:
        raise UserError(f"{path}: may not be read; check its permissions") from None
    except (av.error.FFmpegError, OSError):
        raise UserError(f"{path}: not a video, or cut off before its index; give a clip that plays") from None


class FrameReader:
    """What readers of clips and of animations share: the part asked for, and a file that is closed at the end."""

    def __init__(self, path: str | Path, start: float | None, end: float | None, max_frames: int | None):
        self.path = Path(path)
        check_part(start, end, max_frames)
        self.is_part = start is not None or end is not None or max_frames is not None
        self._limit = max_frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def _first_of(self, frames: Iterator[Frame], remedy: str) -> Frame:
        first = next(frames, None)
        if first is None:
            self.close()
            part = " in the part asked for" if self.is_part else ""
            raise UserError(f"{self.path}: no frame can be read{part}; give {'another part' if part else remedy}")
        return first


class VideoReader(FrameReader):
    """The frames of a clip's first video stream.

    Args:
        path: any container and codec that PyAV's FFmpeg reads.
        start, end: seconds from the clip's beginning; frames with start <= time < end are read. None: all.
        max_frames: read at most so many.

    Attributes:
        stream: the PyAV stream; first: the first frame, as decoded; turn: how it is shown, see frame.orientation.
        time_base: seconds a tick of the frames' times; rate: frames a second (Fraction), an average where it varies.
        begin: seconds in the file's own time that become 0 in the frames' times; origin: where the file's time starts.
        size: (width, height) of the frames as stored; pixel_aspect: width of their pixels over the height.
        is_part: was less than the whole clip asked for? timeline: to which its times are moved.
        total: frames expected, None when unknown; skipped: corrupt frames passed over so far; repeats: packets without
            data so far: the picture before them stays that much longer; missing: known after the last frame: how many
            more the file claims to hold.

    Raises: UserError, one line, when it is no clip, has no video stream, or no frame (in that part) can be decoded.
    """

    def __init__(
        self,
        path: str | Path,
        start: float | None = None,
        end: float | None = None,
        max_frames: int | None = None,
    ):
        super().__init__(path, start, end, max_frames)
        self._open()
        self.timeline = Timeline()
        if may_jump(self.container):
            with open_clip(path) as other:
                self.timeline = Timeline.of(other)
        self.time_base = self.stream.time_base
        self.rate = self.stream.guessed_rate or self.stream.average_rate or Fraction(25)
        self.origin = (self.container.start_time or 0) / av.time_base
        self.skipped = self.repeats = self.missing = 0
        self._last: int | None = None
        self._start = self.origin + (start or 0)
        self._end = self.origin + (float("inf") if end is None else end)
        if start and not self.timeline.is_joined:
            self._seek()
        self._decoding = self._decode()
        self.first: av.VideoFrame = self._first_of(self._decoding, "a clip that plays")
        self.size = self.first.width, self.first.height
        self.begin = float(self.first.pts * self.time_base) if start else self.origin
        self.turn = orientation(self.first)
        self.pixel_aspect = float(self.stream.sample_aspect_ratio or 1)
        self.total = self._expected(start or 0, end, max_frames)

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def format(self) -> av.VideoFormat:
        """Pixel format of the frames, as decoded."""
        return self.first.format

    @property
    def step(self) -> int:
        """Ticks of `time_base` from a frame to the next, on average."""
        return max(round(1 / self.rate / self.time_base), 1)

    @property
    def notes(self) -> list[str]:
        """What is to be told of the frames read so far, a sentence each."""
        told = {
            "packet(s) without a picture: the one before stays": self.repeats,
            "frame(s) that the file claims to hold could not be read": self.missing,
        }
        return [f"{count} {words}" for words, count in told.items() if count]

    def frames(self, pixel_format: str) -> Iterator[av.VideoFrame]:
        """Yield each frame once, writable, in `pixel_format` and `size`, its pts (in `time_base`) from 0 on."""
        converter = av.video.reformatter.VideoReformatter()
        begin = round(self.begin / self.time_base)
        frame = self.first
        while frame is not None:
            pts, duration = frame.pts, frame.duration
            is_rgb = frame.format.is_rgb or frame.format.has_palette
            matrix = colour_matrix(frame) if is_rgb else None  # of YUV frames: the same again
            frame = converter.reformat(frame, *self.size, pixel_format, dst_colorspace=matrix, threads=1)
            frame.make_writable()  # the decoder still refers to it
            frame.pict_type = 0  # the encoder chooses its own
            frame.pts, frame.duration, frame.time_base = pts - begin, duration, self.time_base
            yield frame
            frame = next(self._decoding, None)

    def _open(self) -> None:
        """Open the file at its beginning."""
        self.container = open_clip(self.path)
        cover = av.stream.Disposition.attached_pic
        stream = next((one for one in self.container.streams.video if not one.disposition & cover), None)
        if stream is None or stream.codec_context is None:
            self.close()
            raise UserError(f"{self.path}: holds no video that can be decoded; give a clip with pictures")
        self.stream: av.video.stream.VideoStream = stream
        # threads by frame report an error late, and lose what follows one near the end
        self.stream.thread_type = "SLICE"

    def _seek(self) -> None:
        try:
            self.container.seek(int(self._start / self.time_base), stream=self.stream)
        except (av.error.FFmpegError, OSError):  # a format without an index or times: read from the beginning
            self.close()
            self._open()

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Decoded frames of the part asked for, their pts ascending."""
        given = 0
        for frame in self._every():
            if frame.is_corrupt:
                self.skipped += 1
                continue
            self._date(frame)
            time = float(frame.pts * self.time_base)
            if time >= self._end or given == self._limit:
                return
            if time >= self._start - float(self.time_base) / 2:
                given += 1
                yield frame

    def _every(self) -> Iterator[av.VideoFrame]:
        """Every frame that can be decoded from here on; a packet that cannot counts as one frame skipped.

        A packet without data asks for the picture before it once more (Theora, dash cams, repaired files); a decoder
        would take it for the end.
        """
        decoder, step = self.stream.codec_context, self.step
        claimed, decoded = self.stream.frames, 0
        held: av.VideoFrame | None = None  # the last frame, until it is known that nothing lengthens it
        for packet in self._packets():
            if packet is not None and not packet.size:
                self.repeats += 1
                if held is not None:
                    held.duration = (held.duration or step) + step
                continue
            claimed -= packet is not None and packet.is_discard
            try:
                frames = decoder.decode(packet)
            except av.error.EOFError:
                frames = []
            except (av.error.FFmpegError, OSError):
                self.skipped += 1
                frames = []
            for frame in frames:
                if held is not None:
                    yield held
                held, decoded = frame, decoded + 1
        if held is not None:
            yield held
        self.missing = 0 if self.is_part else max(claimed - decoded - self.skipped - self.repeats, 0)

    def _packets(self) -> Iterator[av.Packet | None]:
        """The stream's packets from here on, then None, which has the decoder give what it still holds."""
        held = None
        for packet in packets(self.container, self.timeline, self.stream):
            if held is not None:
                yield held
            held = packet
        if held is not None and held.size:  # else it is PyAV's own last packet
            yield held
        yield None

    def _date(self, frame: av.VideoFrame) -> None:
        """Give the frame a pts after the last one's, in the stream's time base, where it has none or a wrong one."""
        step = self.step
        if frame.pts is not None and frame.time_base and frame.time_base != self.time_base:
            frame.pts = round(frame.pts * frame.time_base / self.time_base)
        if frame.pts is None:
            frame.pts = frame.dts if frame.dts is not None else (0 if self._last is None else self._last + step)
        if self._last is not None and frame.pts <= self._last:
            frame.pts = self._last + 1
        frame.duration = frame.duration or step
        self._last = frame.pts

    def _expected(self, start: float, end: float | None, limit: int | None) -> int | None:
        """How many frames the part asked for has, by what the file says of itself; None when it says nothing."""
        whole = self.container.duration / av.time_base if self.container.duration else None
        if self.timeline.is_joined:
            whole = self.timeline.end - self.origin
        frames = self.stream.frames or (whole and round(whole * self.rate))
        ends = [seconds for seconds in (end, whole) if seconds is not None]
        if self.is_part and ends:
            frames = max(round((min(ends) - start) * float(self.rate)), 1)
        return min(frames, limit) if frames and limit else frames or limit
