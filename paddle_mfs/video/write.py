"""Encoding frames into a file that appears under its name only when it is complete."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from paddle_mfs.provenance import append_xmp, video_tags, without_place
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.video.animation import AnimationReader
from paddle_mfs.video.encoding import CODECS, CONTAINERS, Encoding, choose_encoding, is_mp4
from paddle_mfs.video.frame import colour_matrix
from paddle_mfs.video.read import VideoReader
from paddle_mfs.video.remux import COPIED, StreamCopier
from paddle_mfs.video.write_animation import ANIMATIONS, AnimationWriter

# of the container, not of the clip
OWN_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
TICK = Fraction(1, 1000)  # seconds; the times of pictures that come from no clip


class FrameWriter:
    """Encodes frames into a file of their own.

    Args:
        path: ends as one of CONTAINERS. record: the provenance to write. encoding: as `choose_encoding` gives it.
        size: (width, height) of the frames. rate: frames a second, about. time_base: seconds a tick of their times.
        tags: of the container, beside the provenance.

    Attributes:
        notes: what could not be kept, a sentence each.
    """

    def __init__(
        self,
        path: Path,
        record: Mapping[str, Any],
        encoding: Encoding,
        size: tuple[int, int],
        rate: int | Fraction,
        time_base: Fraction,
        tags: Mapping[str, str] | None = None,
    ):
        encoder, container = CODECS[encoding.codec], CONTAINERS[path.suffix.lower()][0]
        index_first = {"movflags": "faststart"} if is_mp4(path) else {}  # before the pictures, as web players want it
        self._container = av.open(str(path), "w", format=container, container_options=index_first)
        self._container.metadata.update({**(tags or {}), **video_tags(record)})
        quality = encoder.quality if encoding.quality is None else encoding.quality
        options = {**encoder.options, "crf": str(quality)}
        self._stream = self._container.add_stream(encoder.name, rate=rate, options=options)
        context = self._stream.codec_context
        (context.width, context.height), context.pix_fmt = size, encoding.pixel_format
        context.time_base = self._stream.time_base = time_base
        if encoding.repeatable:
            context.thread_count, context.max_b_frames = 1, 0
        context.flags |= av.codec.context.Flags.frame_duration
        if encoding.codec == "h265" and is_mp4(path):
            context.codec_tag = "hvc1"  # the name Apple's players look for
        self.notes: list[str] = []
        self._end: float | None = None  # seconds; None before the first frame
        self._newest: av.VideoFrame | None = None
        self._is_muxing = False

    def write(self, frame: av.VideoFrame) -> None:
        """Encode the next frame, its pts from 0 on, after what else the file gets up to its time."""
        if self._end is None:  # the first frame says what the numbers mean
            for key in ("color_range", "colorspace", "color_primaries", "color_trc"):
                setattr(self._stream.codec_context, key, getattr(frame, key))
        self._copy(before=float(frame.pts * frame.time_base))
        self._mux(self._stream.encode(frame))
        self._end, self._newest = float((frame.pts + frame.duration) * frame.time_base), frame

    def finish(self, is_whole: bool = True) -> None:
        """Write what is left: delayed frames, the other streams (to their end when the clip is whole) and the index."""
        packets = self._stream.encode(None)
        if not self._is_muxing:
            _date_all(packets)
        self._mux(packets)
        self._copy(before=float("inf") if is_whole or self._end is None else self._end)
        self._container.close()

    def close(self) -> None:
        """Close the file; of a finished one nothing more is written."""
        with contextlib.suppress(av.error.FFmpegError, OSError):  # only when it failed before
            self._container.close()

    def _copy(self, before: float) -> None:
        """Write what other streams have before this time (seconds): nothing, here there are none."""

    def _mux(self, packets: list[av.Packet]) -> None:
        self._is_muxing |= bool(packets)
        self._container.mux(packets)


class SilentWriter(FrameWriter):
    """Encodes the frames that a reader yields, and nothing beside them."""

    def __init__(
        self,
        path: Path,
        reader: AnimationReader | VideoReader,
        record: Mapping[str, Any],
        encoding: Encoding,
        tags: Mapping[str, str] | None = None,
    ):
        super().__init__(path, record, encoding, reader.size, reader.rate, reader.time_base, tags)
        self._step = reader.step

    def finish(self, is_whole: bool = True) -> None:
        """Likewise; a last picture that stays is written once more, near its end: MP4 keeps no other sign of that."""
        newest = self._newest
        if newest is not None and newest.duration >= 2 * self._step:
            newest.pts += newest.duration - self._step
            self._mux(self._stream.encode(newest))
        super().finish(is_whole)


class VideoWriter(SilentWriter):
    """Encodes the frames that a `VideoReader` yields, as its clip shows them; copies every other stream beside them."""

    def __init__(
        self, path: Path, reader: VideoReader, record: Mapping[str, Any], encoding: Encoding, sound: bool = True
    ):
        super().__init__(path, reader, record, encoding, _kept(reader.container.metadata))
        if reader.stream.sample_aspect_ratio:
            self._stream.codec_context.sample_aspect_ratio = reader.stream.sample_aspect_ratio
        matrix = reader.first.side_data.get("DISPLAYMATRIX")
        if matrix is not None:
            self._stream.set_display_matrix(memoryview(matrix).cast("B").cast("i").tolist())
        self._stream.metadata.update(_kept(reader.stream.metadata))
        self._copier = StreamCopier(reader, self._container, COPIED if sound else ())
        self.notes = self._copier.notes

    def close(self) -> None:
        self._copier.close()
        super().close()

    def _copy(self, before: float) -> None:
        self._copier.copy(before)


class PictureWriter(FrameWriter):
    """Encodes RGB pictures, at whatever times they come."""

    def __init__(self, path: Path, record: Mapping[str, Any], encoding: Encoding, size: tuple[int, int]):
        super().__init__(path, record, encoding, size, rate=30, time_base=TICK)
        self._pixel_format, self._converter = encoding.pixel_format, av.video.reformatter.VideoReformatter()
        self._last: int | None = None

    def add(self, image: np.ndarray, seconds: float) -> None:
        """Encode the next picture, (H, W, 3) uint8 RGB, seen from `seconds` on, at least a tick after the last.

        One of another size is scaled to fit, in the middle of a black one.
        """
        context = self._stream.codec_context
        picture = av.VideoFrame.from_ndarray(_fitted(image, context.width, context.height), format="rgb24")
        frame = self._converter.reformat(
            picture, format=self._pixel_format, dst_colorspace=colour_matrix(picture), threads=1
        )
        time, last = round(seconds / TICK), self._last
        frame.pts = time if last is None else max(time, last + 1)
        frame.duration = round(1 / (30 * TICK)) if last is None else frame.pts - last
        frame.time_base, self._last = TICK, frame.pts
        self.write(frame)


def _fitted(image: np.ndarray, width: int, height: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    fitted = np.zeros((height, width, 3), np.uint8)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    fitted[top : top + size[1], left : left + size[0]] = small
    return fitted


def _kept(tags: Mapping[str, str]) -> dict[str, str]:
    return without_place({key: value for key, value in tags.items() if key.lower() not in OWN_TAGS})


def _date_all(packets: list[av.Packet]) -> None:
    """Give a whole clip's packets ascending decoding times: x265 leaves those of a clip of a few frames unset."""
    following = None
    for packet in reversed(packets):
        packet.dts = following = packet.pts if following is None else min(packet.pts, following - 1)


@contextlib.contextmanager
def write_video(
    output: str | Path,
    reader: AnimationReader | VideoReader,
    record: Mapping[str, Any],
    encoding: Encoding,
    finish: Callable[[Path], object] | None = None,
    sound: bool = True,
) -> Iterator[FrameWriter | AnimationWriter]:
    """Yield what takes the frames with `write`; `output` appears, complete and with its provenance, when the block ends
    without an error.

    Args:
        output: path ending as one of CONTAINERS; from an AnimationReader also as one of ANIMATIONS.
        reader: of the clip the frames come from.
        record: the provenance to write. encoding: as `choose_encoding` gives it.
        finish: called with the path where the complete file lies before it has its name.
        sound: are sound and subtitles of the clip kept?
    The block calls `finish`. Raises: UserError when the place cannot be written or the encoder refuses.
    """
    with _complete(output, record, encoding, finish) as temporary:
        with contextlib.closing(_writer(temporary, reader, record, encoding, sound)) as writer:
            yield writer


def _writer(path, reader, record, encoding, sound):
    if isinstance(reader, VideoReader):
        return VideoWriter(path, reader, record, encoding, sound)
    animation = ANIMATIONS.get(path.suffix.lower())
    return animation(path, reader, record) if animation else SilentWriter(path, reader, record, encoding)


def write_pictures(
    output: str | Path, size: tuple[int, int], record: Mapping[str, Any]
) -> contextlib.AbstractContextManager[PictureWriter]:
    """`write_video` for pictures of `size` (width, height), in the container's usual codec: yields a PictureWriter."""
    return write_encoded(output, size, record, choose_encoding(output, av.VideoFormat("yuv420p"), size))


@contextlib.contextmanager
def write_encoded(
    output: str | Path, size: tuple[int, int], record: Mapping[str, Any], encoding: Encoding
) -> Iterator[PictureWriter]:
    """`write_pictures`, encoded as `encoding` says."""
    with _complete(output, record, encoding) as temporary:
        with contextlib.closing(PictureWriter(temporary, record, encoding, size)) as writer:
            yield writer


@contextlib.contextmanager
def _complete(
    output: str | Path,
    record: Mapping[str, Any],
    encoding: Encoding,
    finish: Callable[[Path], object] | None = None,
) -> Iterator[Path]:
    """Yield the temporary path at which the file is made."""
    with atomic_path(output) as temporary:
        try:
            yield temporary
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):  # a full disk
                raise
            raise UserError(
                f"{output}: {encoding.codec} refused the clip ({error.strerror}); choose another --codec"
            ) from None
        if is_mp4(temporary):
            append_xmp(temporary, record)
        if finish:
            finish(temporary)
