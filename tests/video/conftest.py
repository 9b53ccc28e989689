"""Shared by the clip tests: small real clips, written by PyAV from a generated face that moves."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image

SUFFIXES = {
    ".mp4": ("libx264", "aac", "mov_text"),
    ".mov": ("libx264", "aac", "mov_text"),
    ".mkv": ("libx264", "flac", "subrip"),
    ".webm": ("libvpx-vp9", "libopus", "webvtt"),
}


def view(face, number, width, height):
    """Frame `number` of a slow pan over the face: (height, width, 3) uint8 RGB."""
    scale = min(width, height) / face.shape[0]
    shift = 3 * np.sin(number / 3)
    matrix = np.array([[scale, 0, shift + (width - min(width, height)) / 2], [0, scale, 0]])
    return cv2.warpAffine(face, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


@pytest.fixture(scope="session")
def face_picture(samples):
    return read_image(samples / "target.jpg")


@pytest.fixture(scope="session")
def make_clip(face_picture):
    """make_clip(path, ...) writes a clip and returns its path."""

    def make(
        path,
        frames=6,
        size=(160, 160),
        pixel_format="yuv420p",
        rate=25,
        times=None,
        sound=False,
        words=(),
        codec=None,
        colour=(),
        picture=face_picture,
        rotation=None,
        metadata=(),
        quality="12",
        still=None,
        pixel_aspect=None,
    ):
        """times: seconds of each frame (None: even). words: subtitles, (begin, end, text). colour: the encoder's.
        still: (height, width, 3) uint8 RGB that every frame is, in place of the pan over `picture`."""
        video, audio, subtitle = SUFFIXES[path.suffix]
        with av.open(str(path), "w") as output:
            output.metadata.update(metadata)
            options = {
                "crf": quality,
                "b": "0",
                "preset": "ultrafast",
                "cpu-used": "8",
                "x265-params": "log-level=none:bframes=0",  # else the packets of a clip of a few frames have no times
            }
            codec = codec or video
            taken = {
                "libx264": ("crf", "preset"),
                "libx265": ("crf", "preset", "x265-params"),
                "libvpx-vp9": ("crf", "cpu-used"),
            }
            stream = output.add_stream(codec, rate=rate, options={key: options[key] for key in taken.get(codec, ())})
            stream.width, stream.height, stream.pix_fmt = *size, pixel_format
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.gop_size = 5
            for key, value in dict(colour).items():
                setattr(stream.codec_context, key, value)
            if pixel_aspect:
                stream.codec_context.sample_aspect_ratio = pixel_aspect
            if rotation:
                stream.set_display_rotation(rotation)
            tone = output.add_stream(audio, rate=48000) if sound else None
            text = output.add_mux_stream(subtitle) if words else None
            if text:
                text.time_base = Fraction(1, 1000)
            output.start_encoding()
            for begin, end, word in words:
                packet = av.Packet(
                    len(word).to_bytes(2, "big") + word.encode() if subtitle == "mov_text" else word.encode()
                )
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = round(begin * 1000)
                packet.duration = round((end - begin) * 1000)
                output.mux(packet)
            for number in range(frames):
                pixels = view(picture, number, *size) if still is None else still
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
                frame.pts = round(1000 * (times[number] if times else number / rate))
                frame.time_base = Fraction(1, 1000)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
            if tone:
                _add_tone(output, tone, frames / rate)
        return path

    return make


def _add_tone(output, stream, seconds):
    layout, rate = "stereo", 48000
    samples = np.sin(np.arange(int(seconds * rate)) * 0.06)
    is_flac = stream.codec_context.name == "flac"
    for begin in range(0, len(samples), 960):
        block = np.tile(samples[begin : begin + 960], (2, 1))
        if is_flac:
            frame = av.AudioFrame.from_ndarray(
                (block.T.reshape(1, -1) * 20000).astype(np.int16), format="s16", layout=layout
            )
        else:
            frame = av.AudioFrame.from_ndarray(block.astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


@pytest.fixture(scope="session")
def decoded():
    """decoded(path) -> (list of (seconds, planes) of the video frames, first frame)."""
    from paddle_mfs.video.frame import planes

    def decode(path):
        with av.open(str(path)) as clip:
            frames = list(clip.decode(video=0))
        return [(frame.time, [array.copy() for array in planes(frame)]) for frame in frames], frames[
            0
        ] if frames else None

    return decode


@pytest.fixture(scope="session")
def packets():
    """packets(path, kind) -> list of (seconds, bytes) of the one stream of that kind, without MP4's empty subtitles."""

    def read(path, kind):
        with av.open(str(path)) as clip:
            [stream] = [stream for stream in clip.streams if stream.type == kind]
            return [
                (float(packet.pts * packet.time_base), bytes(packet))
                for packet in clip.demux(stream)
                if packet.size and bytes(packet) != b"\0\0"
            ]

    return read
