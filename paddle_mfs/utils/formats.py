"""What a file is, picture, animation or clip: Pillow and FFmpeg are asked, by its name first, then by what it holds."""

from __future__ import annotations

import contextlib
import functools
import warnings
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

with contextlib.suppress(ImportError):  # the extra "heif"
    import pillow_heif

    pillow_heif.register_heif_opener()

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
WRITABLE_PICTURES = (".png", ".jpg", ".jpeg", ".webp")  # formats that carry XMP
WRITABLE_CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")  # containers that carry tags
WRITABLE_ANIMATIONS = (".gif", ".webp", ".png", ".apng")

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")  # Pillow's formats whose further images are later ones; not pages or layers
# EPS: Pillow would have Ghostscript run the file. The others are clips, or metadata of some other file.
NOT_PICTURES = {"EPS", "MPEG", "FLI", "IPTC", "IMT", "MCIDAS", "XVTHUMB"}
HEIF = (".heic", ".heif", ".hif")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# FFmpeg's names of what holds moving pictures and reads no other file. Not among them, as files come from strangers:
# playlists and scripts (hls, dash, concat, imf), numbered pictures (image2), devices, and text drawn as video (tty).
DEMUXERS = (
    "amv apv asf av1 avi avs2 avs3 cavsvideo cine dhav dirac dnxhd dv evc flic flv gxf h261 h263 h264 hevc ivf ivr kux "
    "live_flv lvf m4v matroska mjpeg mov mpeg mpegts mpegvideo mxf nsv nut nuv obu ogg pva rm roq smjpeg swf ty vc1 "
    "vc1test vvc wtv yuv4mpegpipe"
).split()
MUXERS = "3gp 3g2 dvd f4v mp4 mpeg1video mpeg2video ogv psp svcd vob webm".split()  # more names for files of the same
SOUND = (".m4a", ".m4b", ".mka", ".mks", ".wma", ".isma", ".ra")  # names of theirs for files without pictures
# Options of `av.open` for a file that somebody gave.
FFMPEG = {"protocol_whitelist": "file", "format_whitelist": ",".join(DEMUXERS)}


@functools.cache
def picture_formats() -> tuple[str, ...]:
    """Pillow's names of the formats it can read; for `formats` of `Image.open`."""
    Image.init()
    return tuple(
        name
        for name, (opener, _) in Image.OPEN.items()
        if name not in NOT_PICTURES and not (isinstance(opener, type) and issubclass(opener, ImageFile.StubImageFile))
    )


@functools.cache
def picture_suffixes() -> tuple[str, ...]:
    """How the names of pictures end, in lower case."""
    formats = {*picture_formats(), "MPO"}  # Pillow opens MPO as a kind of JPEG
    return tuple(
        sorted({suffix for suffix, name in Image.registered_extensions().items() if name in formats} | {*HEIF})
    )


@functools.cache
def clip_suffixes() -> tuple[str, ...]:
    """How the names of clips end, in lower case."""
    import av

    found: set[str] = set()
    for name in (*DEMUXERS, *MUXERS):
        for mode in "rw":
            with contextlib.suppress(ValueError):  # there are formats that are only read, or written
                found |= {f".{suffix}" for suffix in av.ContainerFormat(name, mode).extensions}
    return tuple(sorted(found - {*SOUND, *picture_suffixes()}))


def kind_by_name(name: str | Path) -> str:
    """ "picture", "clip" or "" (neither), by how a name ends."""
    suffix = Path(name).suffix.lower()
    return "picture" if suffix in picture_suffixes() else "clip" if suffix in clip_suffixes() else ""


def kind_of(path: str | Path) -> str:
    """What a file is: "picture", "animation" (a picture file of several images over time), "clip" or "" (neither).

    What it holds is looked at, so a wrong name misleads nobody; a file that cannot be opened is what its name says.
    """
    named = kind_by_name(path)
    looks = (_film, _picture) if named == "clip" else (_picture, _film)
    for look in looks:
        kind = look(path, named)
        if kind is not None:
            return kind
    return named


def is_heif(path: str | Path, data: bytes | None = None) -> bool:
    """Whether a file is a HEIF picture (HEIC), by its first bytes. data: its bytes, where `path` only names it."""
    with contextlib.suppress(OSError):
        if data is None:
            with open(path, "rb") as file:
                data = file.read(12)
        return data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS
    return False


def _picture(path, named):
    """ "picture", "animation"; None: Pillow cannot open it."""
    formats = picture_formats()
    if named != "picture":  # formats without a mark of their own (TGA) take anything
        formats = tuple(name for name in formats if Image.OPEN[name][1])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=formats) as image:
                is_animated = image.format in ANIMATED and getattr(image, "is_animated", False)
                return "animation" if is_animated else "picture"
    except UnidentifiedImageError:
        return "picture" if is_heif(path) else None
    except Image.DecompressionBombError:  # told where it is read
        return "picture"
    except Exception:  # Pillow's readers raise nearly anything on damaged files
        return None


def _film(path, _):
    """ "clip", "" when it opens and holds no moving pictures, None: FFmpeg cannot open it."""
    import av

    try:
        with av.open(str(path), options=FFMPEG, metadata_errors="replace") as container:
            cover = av.stream.Disposition.attached_pic
            films = [one for one in container.streams.video if not one.disposition & cover]
            if any(one.codec_context and one.codec_context.width for one in films):
                return "clip"
            return None if films else ""
    except (av.error.FFmpegError, OSError, ValueError):  # ValueError: a name that is no UTF-8
        return None
