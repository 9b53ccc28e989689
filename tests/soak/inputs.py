"""The grammar of inputs: clips, animations and pictures as cameras and programs write them, and what befalls files.

A case is drawn from a random.Random of its own, so that it can be made again alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageCms

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder otherwise tells stderr about itself
FACE = Path(__file__).resolve().parents[2] / "samples" / "target.jpg"  # a generated adult, as every face here

# codec -> pixel formats it is tried with
CODECS = {
    "libx264": ("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "gray", "nv12"),
    "libx265": ("yuv420p", "yuv422p", "yuv444p10le", "yuv420p12le", "gbrp"),
    "libvpx-vp9": ("yuv420p", "yuva420p", "yuv440p", "yuv444p", "gbrp"),
    "libvpx": ("yuv420p", "yuva420p"),
    "libsvtav1": ("yuv420p", "yuv420p10le"),
    "mpeg4": ("yuv420p",),
    "mpeg2video": ("yuv420p", "yuv422p"),
    "mpeg1video": ("yuv420p",),
    "mjpeg": ("yuvj420p", "yuvj422p", "yuvj444p"),
    "ffv1": ("yuv420p", "yuv444p", "yuva444p", "yuv411p", "bgra", "yuv422p16le", "yuv420p9le"),
    "prores_ks": ("yuv422p10le", "yuva444p10le"),
    "huffyuv": ("yuv422p", "rgb24", "bgra"),
    "utvideo": ("gbrp", "gbrap", "yuv420p"),
    "flv": ("yuv420p",),
    "wmv2": ("yuv420p",),
    "msmpeg4": ("yuv420p",),
    "h263": ("yuv420p",),
    "png": ("rgb24", "rgba", "gray", "ya8", "pal8", "rgb48be", "monob"),
    "qtrle": ("rgb24", "argb", "gray", "rgb555be"),
    "cinepak": ("rgb24",),
    "rawvideo": ("yuv420p", "rgb24"),
}
# suffix -> codecs of pictures, codecs of sound
CONTAINERS = {
    ".mp4": ("libx264 libx265 libvpx-vp9 libsvtav1 mpeg4 mpeg2video mjpeg png", "aac libmp3lame flac libopus ac3"),
    ".m4v": ("libx264 mpeg4", "aac ac3"),
    ".mov": ("libx264 libx265 prores_ks mjpeg png qtrle rawvideo h263 cinepak mpeg4", "aac pcm_s16le adpcm_ms"),
    ".mkv": (
        "libx264 libx265 libvpx-vp9 libvpx libsvtav1 ffv1 huffyuv mjpeg mpeg2video",
        "aac flac libopus mp2",
    ),
    ".webm": ("libvpx-vp9 libvpx libsvtav1", "libopus"),
    ".avi": ("mpeg4 libx264 mjpeg msmpeg4 huffyuv ffv1 cinepak utvideo rawvideo png", "libmp3lame pcm_s16le mp2 ac3"),
    ".ts": ("libx264 libx265 mpeg2video", "aac mp2 ac3"),
    ".m2ts": ("libx264 mpeg2video", "ac3 aac"),
    ".mpg": ("mpeg1video mpeg2video", "mp2"),
    ".vob": ("mpeg2video", "ac3 mp2"),
    ".flv": ("flv libx264", "libmp3lame aac"),
    ".wmv": ("wmv2 msmpeg4", "wmav2"),
    ".3gp": ("h263 mpeg4 libx264", "aac"),
    ".nut": ("ffv1 mpeg4 libx264 rawvideo", "flac pcm_s16le"),
    ".mxf": ("mpeg2video", "pcm_s16le"),
    ".h264": ("libx264", ""),
    ".hevc": ("libx265", ""),
    ".m2v": ("mpeg2video", ""),
    ".ivf": ("libvpx libvpx-vp9", ""),
    ".y4m": ("rawvideo", ""),
    ".mjpeg": ("mjpeg", ""),
}
FAST = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime"},
    "libvpx": {"cpu-used": "8", "deadline": "realtime"},
    "libsvtav1": {"preset": "12"},
}
PICTURES = {  # suffix -> Pillow's name
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jfif": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF"},
    **{".gif": "GIF", ".avif": "AVIF", ".jp2": "JPEG2000", ".mpo": "MPO", ".ppm": "PPM", ".tga": "TGA", ".pcx": "PCX"},
    **{".ico": "ICO", ".qoi": "QOI", ".sgi": "SGI", ".dds": "DDS"},
}
MODES = ("RGB", "RGB", "RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "I", "F", "YCbCr", "LAB", "PA")
WRONG = (".jpg", ".png", ".mp4", ".gif", ".txt", ".mkv", ".PNG", "", ".heic", ".pdf")


@dataclass
class Case:
    """One input and what is asked of the tool.

    path: of the input. words: what it is, for people. arguments: of tools/swap.py, beside source, target and output.
    suffix: of the output, "": the tool chooses. kind: "clip", "animation", "picture". frames: how many the input has;
    times: seconds of each, None where the container keeps none. is_sound: nothing befell it, and it shows a face: it
    must be swapped. has_audio: there is a sound stream.
    """

    path: Path
    words: str = ""
    kind: str = "picture"
    arguments: list[str] = field(default_factory=list)
    suffix: str = ""
    frames: int = 1
    times: list[float] | None = None
    is_sound: bool = True
    has_audio: bool = False


def make(seed: int, number: int, folder: Path) -> Case:
    """Make the input of a case in a folder."""
    rng = random.Random(f"{seed} {number}")
    kind, case = rng.choice((_clip, _clip, _animation, _picture, _picture)), None
    while case is None:
        # a container may not take this codec like that: draw again
        with contextlib.suppress(ValueError, av.error.FFmpegError):
            case = kind(rng, folder)
    if rng.random() < 0.4:
        _damage(rng, case)
    return case


def _view(size: tuple[int, int], number: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 RGB, `size` (width, height): the face, a bit further in every frame."""
    width, height = size
    face = cv2.cvtColor(cv2.imread(str(FACE)), cv2.COLOR_BGR2RGB)
    scale = min(width, height) / face.shape[0]
    matrix = np.array([[scale, 0, (width - min(size)) / 2 + 2 * np.sin(number)], [0, scale, 0]])
    return cv2.warpAffine(face, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def _name(rng, folder, suffix):
    stem = rng.choice(("clip", "a b", "\u00fcber \u4eba", "x" * 180, "50%d", "it's", "[1]", "#?&"))
    return folder / f"{stem}{suffix}"


def _clip(rng: random.Random, folder: Path) -> Case:
    suffix = rng.choice(list(CONTAINERS))
    videos, sounds = (words.split() for words in CONTAINERS[suffix])
    codec, sound = rng.choice(videos), rng.choice([*sounds, ""])
    pixel_format = rng.choice(CODECS[codec])
    size = rng.randrange(160, 200, 8), rng.randrange(160, 200, 8)
    if codec == "png" or (codec in ("libx264", "libvpx-vp9", "ffv1", "mjpeg") and "444" in pixel_format):
        size = size[0] + rng.randrange(2), size[1] + rng.randrange(2)
    if codec == "h263":
        size = 176, 144
    rate = rng.choice((24, 25, 30))
    frames = rng.randrange(6, 11)
    is_uneven = suffix in (".mp4", ".mov", ".mkv", ".webm") and codec not in ("h263", "rawvideo") and rng.random() < 0.3
    steps = [rng.choice((1, 1, 2, 5)) if is_uneven else 1 for _ in range(frames)]
    ticks = [sum(steps[:number]) for number in range(frames)]
    rotation = rng.choice((0, 0, 90, 180, 270)) if suffix in (".mp4", ".mov") else 0
    aspect = rng.choice((None, None, Fraction(4, 3), Fraction(1, 2))) if suffix in (".mp4", ".mkv", ".mov") else None
    path = _name(rng, folder, suffix)
    upright = _view(size[::-1] if rotation in (90, 270) else size)
    has_audio = False
    with av.open(str(path), "w", metadata_errors="replace") as output:
        stream = output.add_stream(codec, rate=rate, options=FAST.get(codec, {}))
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.bit_rate = 4_000_000
        if is_uneven:
            stream.codec_context.time_base = Fraction(1, rate)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        tone = None
        if sound:
            with contextlib.suppress(ValueError, av.error.FFmpegError):
                tone = output.add_stream(sound, rate=44100 if suffix == ".flv" else 48000, layout="stereo")
        output.metadata["title"] = "caf\u00e9 \u4eba"
        for number in range(frames):
            pixels = _view(size, number) if not rotation else np.rot90(upright, -rotation // 90)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = frame.reformat(format=pixel_format)
            frame.pts, frame.time_base = ticks[number], Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if tone is not None:
            has_audio = _tone(output, tone, (ticks[-1] + 1) / rate)
    raw = suffix in (".h264", ".hevc", ".m2v", ".mjpeg")
    words = f"{suffix} {codec} {pixel_format} {size[0]}x{size[1]}, sound {sound or 'none'}, rotation {rotation}"
    words += f", pixels {aspect or 1}{', uneven times' if is_uneven else ''}"
    case = Case(path, words, "clip", frames=frames, has_audio=has_audio)
    case.times = None if raw else [tick / rate for tick in ticks]
    # one bit a pixel shows no face; in pixels that are not square it is drawn wrongly here
    case.is_sound = pixel_format != "monob" and not aspect
    case.suffix = rng.choice(("", "", ".mp4", ".mkv", ".mov", ".webm"))
    if rng.random() < 0.3:
        part = rng.choice((["--start", "0.1"], ["--end", "0.15"], ["--max-frames", "3"], ["--start", "9"]))
        case.arguments, case.times, case.is_sound, case.frames = part, None, False, 0
    case.arguments += rng.choice(([], [], ["--face", "all"], ["--strength", "0.5"], ["--quality", "30"]))
    return case


def _tone(output, stream, seconds):
    """Encode a tone; whether there is any sound then."""
    resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=stream.rate)
    size = stream.codec_context.frame_size or 1024
    fifo = av.AudioFifo()
    samples = (np.sin(np.arange(int(seconds * stream.rate)) * 0.06) * 9000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts = stream.rate, None
    for part in resampler.resample(frame):
        part.pts = None
        fifo.write(part)
    place, count = 0, 0
    while (part := fifo.read(size)) is not None or (place == 0 and (part := fifo.read(0, partial=True)) is not None):
        part.pts, part.time_base = place, Fraction(1, stream.rate)
        place += part.samples
        for packet in stream.encode(part):
            output.mux(packet)
            count += 1
    for packet in stream.encode(None):
        output.mux(packet)
        count += 1
    return count > 0


def _animation(rng: random.Random, folder: Path) -> Case:
    suffix = rng.choice((".gif", ".webp", ".png", ".apng", ".avif"))
    size, frames = (rng.randrange(140, 200), rng.randrange(140, 200)), rng.randrange(2, 8)
    pictures = [Image.fromarray(_view(size, number)) for number in range(frames)]
    is_clear = rng.random() < 0.4
    if is_clear:
        for number, picture in enumerate(pictures):
            alpha = np.full(size[::-1], 255, np.uint8)
            alpha[:20, number * 10 : number * 10 + 20] = rng.choice((0, 90))
            picture.putalpha(Image.fromarray(alpha))
    durations = [rng.choice((0, 10, 20, 40, 100, 230)) for _ in range(frames)]
    loop = rng.choice((None, 0, 0, 1, 5))
    options = {"duration": durations, **({} if loop is None else {"loop": loop})}
    if suffix == ".gif":
        options["disposal"] = rng.choice((0, 1, 2))
    if suffix == ".avif":
        durations = [max(time, 10) for time in durations]  # it has no 0
        options = {"duration": durations, "speed": 10}
    path = _name(rng, folder, suffix)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **options)
    times = [sum(durations[:number]) / 1000 for number in range(frames)]  # as stored
    words = f"animation {suffix} {size[0]}x{size[1]} {frames} frames, loop {loop}{', transparent' if is_clear else ''}"
    case = Case(path, words, "animation", frames=frames, times=times)
    case.suffix = rng.choice(("", "", ".gif", ".webp", ".png", ".mp4", ".mkv", ".jpg"))
    if case.suffix in (".mp4", ".mkv"):
        seen = [time if time > 10 else 100 for time in durations]  # as browsers show it
        case.times = times = [sum(seen[:number]) / 1000 for number in range(frames)]
    if case.suffix == ".jpg":
        case.kind, case.frames = "picture", 1
    elif rng.random() < 0.2:
        case.arguments, case.frames, case.times = ["--max-frames", "2"], 2, times[:2]
    return case


def _picture(rng: random.Random, folder: Path) -> Case:
    suffix = rng.choice(list(PICTURES))
    size = rng.choice(((180, 200), (200, 161), (512, 512), (640, 400), (150, 150), (1, 1), (40, 900), (33, 20)))
    mode = rng.choice(MODES)
    picture = _in_mode(Image.fromarray(_view(size)), mode)
    options, told = {}, []
    if rng.random() < 0.5:
        turn = rng.randrange(10)
        exif = Image.Exif()
        exif[0x0112], exif[0x010F], exif[0x0132] = turn, "Cam\u00e9ra", "2024:05:06 07:08:09"
        options["exif"] = rng.choice((exif.tobytes(), b"Exif\0\0broken"))
        told.append(f"orientation {turn}" if len(options["exif"]) > 20 else "broken EXIF")
    if rng.random() < 0.3:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        options["icc_profile"] = rng.choice((b"no profile", profile))
        told.append("a profile")
    path, name = _name(rng, folder, suffix), PICTURES[suffix]
    data = io.BytesIO()
    for picture_now, options_now in ((picture, options), (picture, {}), (picture.convert("RGB"), {})):
        data = io.BytesIO()
        try:
            picture_now.copy().save(data, name, **options_now)
            break
        except Exception:  # this format does not take this mode, or this metadata
            mode, told = ("RGB" if options_now == {} and picture_now is not picture else mode), []
    path.write_bytes(data.getvalue())
    is_turned = any("orientation" in word for word in told)
    shows_face = min(size) >= 150 and mode in ("RGB", "RGBA", "L", "CMYK", "YCbCr")
    case = Case(path, f"picture {suffix} {mode} {size[0]}x{size[1]} {' '.join(told)}")
    case.is_sound = shows_face and not is_turned and suffix != ".ico"  # which is made smaller
    case.suffix = rng.choice(("", "", ".jpg", ".webp", ".png"))
    case.arguments = rng.choice(([], [], ["--compare"], ["--face", "all"], ["--keep-mouth"], ["--colour-match", "0.5"]))
    return case


def _in_mode(picture, mode):
    grey = np.asarray(picture.convert("L"))
    if mode == "I;16":
        return Image.fromarray(grey.astype(np.uint16) * 257)
    if mode == "F":
        return Image.fromarray(grey.astype(np.float32) / 255)
    if mode == "LAB":
        return ImageCms.profileToProfile(
            picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    if mode == "PA":
        return picture.convert("P").convert("PA")
    return picture.convert(mode)


def _damage(rng: random.Random, case: Case) -> None:
    """What befalls a file on its way."""
    how = rng.choice(
        ("cut", "cut", "bytes", "bytes", "hole", "tail", "moved", "empty", "words", "renamed", "head", "claims")
    )
    data = bytearray(case.path.read_bytes())
    length = len(data)
    if how == "cut":
        share = rng.random()
        data = data[: int(length * share)]
        how += f" to {share:.0%}"
    elif how == "bytes":
        for _ in range(rng.randrange(1, 30)):
            data[rng.randrange(length)] = rng.randrange(256)
    elif how == "claims":  # 65535 pixels a side
        place, size = {
            b"\x89P": (16, b"\0\0\xff\xff" * 2),
            b"GI": (6, b"\xff" * 4),
            b"BM": (18, b"\xff\xff\0\0" * 2),
        }.get(bytes(data[:2]), (length // 2, b"\xff" * 8))
        data[place : place + len(size)] = size
    elif how == "hole":
        begin = rng.randrange(length)
        data[begin : begin + 200] = bytes(len(data[begin : begin + 200]))
    elif how == "tail":
        data += rng.randbytes(500)
    elif how == "moved":
        one, other = sorted((rng.randrange(length), rng.randrange(length)))
        data = data[:one] + data[other:] + data[one:other]
    elif how == "empty":
        data = bytearray()
    elif how == "words":
        data = bytearray(b"these are words\n" * 20)
    elif how == "head":
        data[: min(16, length)] = rng.randbytes(min(16, length))
    else:
        renamed = case.path.with_suffix(rng.choice(WRONG))
        os.replace(case.path, renamed)
        case.path = renamed
        how += f" to {renamed.suffix or 'no suffix'}"
    case.path.write_bytes(data)
    case.words += f"; {how}"
    case.is_sound = case.is_sound and how == "tail" and case.kind == "picture"
    case.times = None
