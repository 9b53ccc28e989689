"""Encoding frames into a file that appears under its name only when it is complete."""
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import av

from paddle_mfs.errors import UserError
from paddle_mfs.files import atomic_path
from paddle_mfs.provenance import CLIP_FORMATS, append_xmp, check_format, video_tags
from paddle_mfs.video.copy import StreamCopier

os.environ.setdefault("SVT_LOG", "1")      # the AV1 encoder otherwise tells stderr about itself
OWN_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}     # of the container, not of the clip


@dataclass(frozen=True)
class Encoder:
    """An encoder of PyAV's FFmpeg: its name there, the quality (CRF, lower is better) used by default, the worst, its options."""
    name: str
    quality: int
    worst: int
    options: dict


CODECS = {
    "h264": Encoder("libx264", 18, 51, {"preset": "veryfast"}),
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
    check_format(output, CLIP_FORMATS)
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
        raise UserError(f"codec {codec!r}: PyAV was built without {CODECS[codec].name}; "
                        "run `pip install av` for a build that has it, or choose another codec") from None
    return codec, next(name for name in _candidates(pixel_format, size, codec) if name in taken)


def _candidates(pixel_format, size, codec):
    """Pixel formats that may stand for a clip's own, the best first."""
    name, depth = pixel_format.name, pixel_format.components[0].bits
    across, down = (8 // max(chroma(8), 1) for chroma in (pixel_format.chroma_width, pixel_format.chroma_height))
    is_grey = len(pixel_format.components) < 3     # what its range means differs between decoders: coded as colour
    chroma = "420" if is_grey else "444" if pixel_format.is_rgb or across == 1 else "422" if (across, down) == (2, 1) else "420"
    if codec in ("h264", "h265") and (size[0] % 2 and chroma != "444" or size[1] % 2 and chroma == "420"):
        chroma = "444"      # these two cannot code half a chroma sample
    deep = [f"yuv{chroma}p10le", "yuv420p10le"] if depth > 8 else []
    is_same = chroma in (name[3:6] if name.startswith("yuv4") else name[4:7]) and name.startswith(("yuv4", "yuvj4"))
    return ([name] if is_same else []) + deep + [f"yuv{chroma}p", "yuv420p"]


class VideoWriter:
    """Encodes frames and copies every other stream of the clip beside them. Made by `write_video`.

    Attributes:
        notes: what could not be kept, a sentence each.
    """

    def __init__(self, path, container_format, reader, codec, pixel_format, quality, record):
        how = CODECS[codec]
        is_mp4 = container_format in ("mp4", "mov")
        first_index = {"movflags": "faststart"} if is_mp4 else {}      # the index before the pictures, as web players want it
        self._container = av.open(str(path), "w", format=container_format, container_options=first_index)
        kept = {key: value for key, value in reader.container.metadata.items() if key.lower() not in OWN_TAGS}
        self._container.metadata.update({**kept, **video_tags(record)})
        options = {**how.options, "crf": str(how.quality if quality is None else quality)}
        self._stream = self._container.add_stream(how.name, rate=reader.rate, options=options)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = reader.first.width, reader.first.height, pixel_format
        context.time_base = self._stream.time_base = reader.time_base
        context.flags |= av.codec.context.Flags.frame_duration
        if reader.stream.sample_aspect_ratio:
            context.sample_aspect_ratio = reader.stream.sample_aspect_ratio
        if codec == "h265" and is_mp4:
            context.codec_tag = "hvc1"      # the name Apple's players look for
        matrix = reader.first.side_data.get("DISPLAYMATRIX")
        if matrix is not None:
            self._stream.set_display_matrix(memoryview(matrix).cast("B").cast("i").tolist())
        self._stream.metadata.update({key: value for key, value in reader.stream.metadata.items() if key.lower() not in OWN_TAGS})
        self._copier = StreamCopier(reader, self._container)
        self.notes = self._copier.notes
        self._end, self._is_muxing = None, False        # seconds, None before the first frame

    def write(self, frame):
        """Encode the next frame (as `VideoReader.frames` yields it), after what else the clip has up to its time."""
        if self._end is None:       # the first frame says what the numbers mean
            for key in ("color_range", "colorspace", "color_primaries", "color_trc"):
                setattr(self._stream.codec_context, key, getattr(frame, key))
        self._copier.copy(before=float(frame.pts * frame.time_base))
        self._mux(self._stream.encode(frame))
        self._end = float((frame.pts + frame.duration) * frame.time_base)

    def finish(self, is_whole):
        """Write what is left: delayed frames, the other streams (to their end when the clip is whole) and the index."""
        packets = self._stream.encode(None)
        if not self._is_muxing:
            _date_all(packets)
        self._mux(packets)
        self._copier.copy(before=float("inf") if is_whole else self._end)
        self._container.close()

    def _mux(self, packets):
        self._is_muxing |= bool(packets)
        self._container.mux(packets)

    def close(self):
        self._copier.close()
        with contextlib.suppress(av.error.FFmpegError, OSError):        # only when it failed before
            self._container.close()


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
    output = Path(output)
    container_format = CONTAINERS[output.suffix.lower()][0]
    if quality is not None and not 0 <= quality <= CODECS[codec].worst:
        raise UserError(f"quality {quality}: choose 0 (best) to {CODECS[codec].worst}")
    with atomic_path(output) as temporary:
        writer = VideoWriter(temporary, container_format, reader, codec, pixel_format, quality, record)
        try:
            yield writer
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):      # a full disk
                raise
            raise UserError(f"{output}: {codec} refused the clip ({error.strerror}); choose another --codec") from None
        finally:
            writer.close()
        if container_format in ("mp4", "mov"):
            append_xmp(temporary, record)
