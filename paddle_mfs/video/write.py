"""Encoding frames into a file that appears under its name only when it is complete."""

import contextlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from paddle_mfs.provenance import append_xmp, check_format, video_tags
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.formats import WRITABLE_CLIPS
from paddle_mfs.video.frame import colour_matrix
from paddle_mfs.video.remux import StreamCopier

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder otherwise tells stderr about itself
OWN_TAGS = {
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "duration",
}  # of the container, not of the clip
TICK = Fraction(1, 1000)  # seconds; the times of pictures that come from no clip


@dataclass(frozen=True)
class Encoder:
    """An encoder of PyAV's FFmpeg: its name there, the quality (CRF, lower is better) used by default, the worst, its options."""

    name: str
    quality: int
    worst: int
    options: dict


CODECS = {
    # half the time of preset veryfast at CRF 18, the same quality, up to a third more bytes; the preset leaves these two out
    "h264": Encoder("libx264", 17, 51, {"preset": "superfast", "x264-params": "mbtree=1:rc-lookahead=10"}),
    "h265": Encoder("libx265", 20, 51, {"preset": "fast", "x265-params": "log-level=error"}),
    "vp9": Encoder("libvpx-vp9", 24, 63, {"deadline": "good", "cpu-used": "5", "row-mt": "1"}),
    "av1": Encoder("libsvtav1", 26, 63, {"preset": "8"}),
}
# suffix: FFmpeg's name, the codecs it takes, the default for 8-bit and the one for deeper clips first
CONTAINERS = {
    ".mp4": ("mp4", ("h264", "h265", "av1", "vp9")),
    ".m4v": ("mp4", ("h264", "h265")),
    ".mov": ("mov", ("h264", "h265")),
    ".mkv": ("matroska", ("h264", "h265", "av1", "vp9")),
    ".webm": ("webm", ("vp9", "av1")),
}


def choose_codec(output, pixel_format, size, codec=None):
    """Which codec writes `output`, and in which pixel format.

    8-bit clips become H.264, deeper ones H.265 (few players take deep H.264); in .webm VP9 and AV1.

    Args:
        pixel_format: av.VideoFormat of the clip; size: its (width, height).
        codec: a key of CODECS, or None for the container's default.
    Returns: (key of CODECS, pixel format name): the clip's own where the encoder takes it, else the nearest it takes.
    Raises: UserError for a suffix that is no container of ours, or a codec that the container or PyAV's FFmpeg does not have.
    """
    check_format(output, WRITABLE_CLIPS)
    suffix = Path(output).suffix.lower()
    allowed = CONTAINERS[suffix][1]
    if codec is None:
        deep = pixel_format.components[0].bits > 8
        codec = allowed[1 if deep else 0]
    elif codec not in allowed:
        raise UserError(f"{output}: {suffix} does not take the codec {codec!r}; choose {', '.join(allowed)}")
    try:
        taken = {taken.name for taken in av.Codec(CODECS[codec].name, "w").video_formats}
    except av.codec.codec.UnknownCodecError:
        raise UserError(
            f"codec {codec!r}: PyAV was built without {CODECS[codec].name}; "
            "run `pip install av` for a build that has it, or choose another codec"
        ) from None
    return codec, next(name for name in _candidates(pixel_format, size, codec) if name in taken)


def _candidates(pixel_format, size, codec):
    """Pixel formats that may stand for a clip's own, the best first."""
    name, depth = pixel_format.name, pixel_format.components[0].bits
    across, down = (8 // max(chroma(8), 1) for chroma in (pixel_format.chroma_width, pixel_format.chroma_height))
    is_grey = len(pixel_format.components) < 3  # what its range means differs between decoders: coded as colour
    chroma = (
        "420"
        if is_grey
        else "444"
        if pixel_format.is_rgb or across == 1
        else "422"
        if (across, down) == (2, 1)
        else "420"
    )
    if codec in ("h264", "h265") and (size[0] % 2 and chroma != "444" or size[1] % 2 and chroma == "420"):
        chroma = "444"  # these two cannot code half a chroma sample
    deep = [f"yuv{chroma}p10le", "yuv420p10le"] if depth > 8 else []
    is_same = chroma in (name[3:6] if name.startswith("yuv4") else name[4:7]) and name.startswith(("yuv4", "yuvj4"))
    return ([name] if is_same else []) + deep + [f"yuv{chroma}p", "yuv420p"]


class FrameWriter:
    """Encodes frames into a file of their own.

    Args:
        path: ends as one of CONTAINERS. record: the provenance to write. codec, pixel_format: as `choose_codec` gives them.
        size: (width, height) of the frames. rate: frames a second, about. time_base: seconds a tick of their times.
        quality: CRF, None: the codec's default. tags: of the container, beside the provenance.

    Attributes:
        notes: what could not be kept, a sentence each.
    """

    def __init__(self, path, record, codec, pixel_format, size, rate, time_base, quality=None, tags=()):
        how, is_mp4 = CODECS[codec], _is_mp4(path)
        first_index = (
            {"movflags": "faststart"} if is_mp4 else {}
        )  # the index before the pictures, as web players want it
        self._container = av.open(
            str(path), "w", format=CONTAINERS[path.suffix.lower()][0], container_options=first_index
        )
        self._container.metadata.update({**dict(tags), **video_tags(record)})
        options = {**how.options, "crf": str(how.quality if quality is None else quality)}
        self._stream = self._container.add_stream(how.name, rate=rate, options=options)
        context = self._stream.codec_context
        (context.width, context.height), context.pix_fmt = size, pixel_format
        context.time_base = self._stream.time_base = time_base
        context.flags |= av.codec.context.Flags.frame_duration
        if codec == "h265" and is_mp4:
            context.codec_tag = "hvc1"  # the name Apple's players look for
        self.notes, self._end, self._is_muxing = [], None, False  # _end: seconds, None before the first frame

    def write(self, frame):
        """Encode the next frame, its pts from 0 on, after what else the file gets up to its time."""
        if self._end is None:  # the first frame says what the numbers mean
            for key in ("color_range", "colorspace", "color_primaries", "color_trc"):
                setattr(self._stream.codec_context, key, getattr(frame, key))
        self._copy(before=float(frame.pts * frame.time_base))
        self._mux(self._stream.encode(frame))
        self._end = float((frame.pts + frame.duration) * frame.time_base)

    def finish(self, is_whole=True):
        """Write what is left: delayed frames, the other streams (to their end when the clip is whole) and the index."""
        packets = self._stream.encode(None)
        if not self._is_muxing:
            _date_all(packets)
        self._mux(packets)
        self._copy(before=float("inf") if is_whole else self._end)
        self._container.close()

    def close(self):
        with contextlib.suppress(av.error.FFmpegError, OSError):  # only when it failed before
            self._container.close()

    def _copy(self, before):
        """Write what other streams have before this time (seconds): nothing, here there are none."""

    def _mux(self, packets):
        self._is_muxing |= bool(packets)
        self._container.mux(packets)


class VideoWriter(FrameWriter):
    """Encodes the frames that a `VideoReader` yields, as its clip shows them, and copies every other stream beside them."""

    def __init__(self, path, reader, record, codec, pixel_format, quality):
        super().__init__(
            path,
            record,
            codec,
            pixel_format,
            (reader.first.width, reader.first.height),
            reader.rate,
            reader.time_base,
            quality,
            _kept(reader.container.metadata),
        )
        if reader.stream.sample_aspect_ratio:
            self._stream.codec_context.sample_aspect_ratio = reader.stream.sample_aspect_ratio
        matrix = reader.first.side_data.get("DISPLAYMATRIX")
        if matrix is not None:
            self._stream.set_display_matrix(memoryview(matrix).cast("B").cast("i").tolist())
        self._stream.metadata.update(_kept(reader.stream.metadata))
        self._copier = StreamCopier(reader, self._container)
        self.notes = self._copier.notes

    def close(self):
        self._copier.close()
        super().close()

    def _copy(self, before):
        self._copier.copy(before)


class PictureWriter(FrameWriter):
    """Encodes RGB pictures, at whatever times they come."""

    def __init__(self, path, record, codec, pixel_format, size):
        super().__init__(path, record, codec, pixel_format, size, rate=30, time_base=TICK)
        self._pixel_format, self._converter, self._last = pixel_format, av.video.reformatter.VideoReformatter(), None

    def add(self, image, seconds):
        """Encode the next picture, (H, W, 3) uint8 RGB, shown from `seconds` on; one that is not later comes a tick later."""
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame = self._converter.reformat(
            picture, format=self._pixel_format, dst_colorspace=colour_matrix(picture), threads=1
        )
        time, last = round(seconds / TICK), self._last
        frame.pts = time if last is None else max(time, last + 1)
        frame.duration = round(1 / (30 * TICK)) if last is None else frame.pts - last
        frame.time_base, self._last = TICK, frame.pts
        self.write(frame)


def _is_mp4(path):
    return CONTAINERS[path.suffix.lower()][0] in ("mp4", "mov")


def _kept(tags):
    return {key: value for key, value in tags.items() if key.lower() not in OWN_TAGS}


def _date_all(packets):
    """Give a whole clip's packets ascending decoding times: x265 leaves those of a clip of a few frames unset."""
    following = None
    for packet in reversed(packets):
        packet.dts = following = packet.pts if following is None else min(packet.pts, following - 1)


@contextlib.contextmanager
def write_video(output, reader, record, codec, pixel_format, quality=None):
    """Yield a VideoWriter; `output` appears, complete and with its provenance, when the block ends without an error.

    Args:
        output: path ending as one of CONTAINERS. reader: the VideoReader of the clip the frames come from.
        record: the provenance to write. codec, pixel_format: as `choose_codec` gives them. quality: CRF, None: the default.
    The block calls `finish`. Raises: UserError when the place cannot be written or the encoder refuses.
    """
    if quality is not None and not 0 <= quality <= CODECS[codec].worst:
        raise UserError(f"quality {quality}: choose 0 (best) to {CODECS[codec].worst}")
    with _complete(output, record, codec) as temporary:
        with contextlib.closing(VideoWriter(temporary, reader, record, codec, pixel_format, quality)) as writer:
            yield writer


@contextlib.contextmanager
def write_pictures(output, size, record):
    """Yield a PictureWriter for pictures of `size` (width, height), in the container's default codec; else as `write_video`."""
    codec, pixel_format = choose_codec(output, av.VideoFormat("yuv420p"), size)
    with _complete(output, record, codec) as temporary:
        with contextlib.closing(PictureWriter(temporary, record, codec, pixel_format, size)) as writer:
            yield writer


@contextlib.contextmanager
def _complete(output, record, codec):
    """Yield the temporary path at which the file is made."""
    with atomic_path(output) as temporary:
        try:
            yield temporary
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):  # a full disk
                raise
            raise UserError(f"{output}: {codec} refused the clip ({error.strerror}); choose another --codec") from None
        if _is_mp4(temporary):
            append_xmp(temporary, record)
