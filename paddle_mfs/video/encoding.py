"""How a clip is written: containers, their codecs, and the choice of one with a pixel format."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import av

from paddle_mfs.provenance import check_format
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import WRITABLE_ANIMATIONS, WRITABLE_CLIPS

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder otherwise tells stderr about itself


@dataclass(frozen=True)
class Encoder:
    """An encoder of PyAV's FFmpeg: its name there, the default quality (CRF, lower is better), the worst, options."""

    name: str
    quality: int
    worst: int
    options: dict[str, str]


CODECS = {
    # half the time of preset veryfast at CRF 18, the same quality, up to a third more bytes; the preset leaves these
    # two out
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


LARGEST_SIDE = {".gif": 65535, ".webp": 16383}  # pixels; PNG has no limit that matters


@dataclass(frozen=True)
class Encoding:
    """How a clip is written: codec, a key of CODECS (of animations the suffix without its dot); pixel_format, FFmpeg's
    name; quality, CRF or None (default); repeatable, the same bytes each time, of H.264: by one thread and without
    B-frames, for x264's depend on what else is in memory (seen with AVX-512)."""

    codec: str
    pixel_format: str
    quality: int | None = None
    repeatable: bool = False


def choose_encoding(
    output: str | Path,
    pixel_format: av.VideoFormat,
    size: tuple[int, int],
    codec: str | None = None,
    quality: int | None = None,
) -> Encoding:
    """How `output` is written: 8-bit clips as H.264, deeper ones as H.265 (few players take deep H.264).

    Args:
        pixel_format: of the clip, which is kept where the encoder takes it; else it is the nearest that it takes.
        size: (width, height) of the clip.
        codec: a key of CODECS, or None for the container's default.
        quality: CRF, 0 (best) to the codec's worst; None: its default.
    Raises: UserError for a suffix that is no container of ours, a codec that the container or PyAV's FFmpeg does not
        have, a quality out of the codec's range, and for an animation (GIF, WebP, PNG) a codec, a quality or a size
        that it does not have.
    """
    check_format(output, (*WRITABLE_CLIPS, *WRITABLE_ANIMATIONS))
    suffix = Path(output).suffix.lower()
    if suffix in WRITABLE_ANIMATIONS:
        if codec is not None or quality is not None:
            raise UserError(f"{output}: --codec and --quality are for {', '.join(WRITABLE_CLIPS)}; leave them out")
        if max(size) > LARGEST_SIDE.get(suffix, max(size)):
            raise UserError(f"{output}: {suffix} takes at most {LARGEST_SIDE[suffix]} pixels a side; write .png")
        return Encoding(suffix[1:], "rgba")
    allowed = CONTAINERS[suffix][1]
    if codec is None:
        deep = pixel_format.components[0].bits > 8
        codec = allowed[1 if deep else 0]
    elif codec not in allowed:
        raise UserError(f"{output}: {suffix} does not take the codec {codec!r}; choose {', '.join(allowed)}")
    if quality is not None and not 0 <= quality <= CODECS[codec].worst:
        raise UserError(f"quality {quality}: choose 0 (best) to {CODECS[codec].worst}")
    try:
        taken = {taken.name for taken in av.Codec(CODECS[codec].name, "w").video_formats}
    except av.codec.codec.UnknownCodecError:
        raise UserError(
            f"codec {codec!r}: PyAV was built without {CODECS[codec].name}; "
            "run `pip install av` for a build that has it, or choose another codec"
        ) from None
    return Encoding(codec, next(name for name in _candidates(pixel_format, size, codec) if name in taken), quality)


def _candidates(pixel_format: av.VideoFormat, size: tuple[int, int], codec: str) -> list[str]:
    """Pixel formats that may stand for a clip's own, the best first."""
    name, depth = pixel_format.name, pixel_format.components[0].bits
    across, down = (8 // max(chroma(8), 1) for chroma in (pixel_format.chroma_width, pixel_format.chroma_height))
    is_rgb = pixel_format.is_rgb or pixel_format.has_palette
    if len(pixel_format.components) < 3 and not is_rgb:  # grey: what its range means differs between decoders
        chroma = "420"
    elif is_rgb or across == 1:
        chroma = "444"
    else:
        chroma = "422" if (across, down) == (2, 1) else "420"
    if codec in ("h264", "h265") and (size[0] % 2 and chroma != "444" or size[1] % 2 and chroma == "420"):
        chroma = "444"  # these two cannot code half a chroma sample
    deep = [f"yuv{chroma}p10le", "yuv420p10le"] if depth > 8 else []
    is_same = chroma in (name[3:6] if name.startswith("yuv4") else name[4:7]) and name.startswith(("yuv4", "yuvj4"))
    return ([name] if is_same else []) + deep + [f"yuv{chroma}p", "yuv420p"]


def is_mp4(path: Path) -> bool:
    """Whether a clip is an MP4 or MOV, by its name: they hold an XMP packet, and an index that may go first."""
    return CONTAINERS.get(path.suffix.lower(), ("",))[0] in ("mp4", "mov")
