"""Writing animated GIF, WebP and PNG a frame at a time, so that memory does not grow with their length.

Pillow, which would keep all frames, encodes single pictures; here they are put into the file's frame structure. Of a
frame only the box that changed is stored: the rest stays bit for bit what it was.

GIF:  https://www.w3.org/Graphics/GIF/spec-gif89a.txt
WebP: https://developers.google.com/speed/webp/docs/riff_container
PNG:  https://www.w3.org/TR/png-3/#apng-frame-based-animation
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from PIL import GifImagePlugin, Image

from paddle_mfs.face.image import WRITERS
from paddle_mfs.provenance import save_options, xmp_packet
from paddle_mfs.video.animation import MILLISECOND, TICK, AnimationReader
from paddle_mfs.video.frame import planes

COLOURS = 255  # of a GIF's frame, beside the one that stands for "as before"
SAMPLES = 10_000  # pixels by which they are chosen
Box = tuple[int, int, int, int]  # x1, y1, x2, y2


def changed_box(before: np.ndarray, after: np.ndarray) -> Box:
    """The smallest box with every pixel that differs; its corner even, as WebP wants it; a pixel where none does."""
    differs = (before != after).any(2)
    rows, columns = differs.any(1).nonzero()[0], differs.any(0).nonzero()[0]
    if not len(rows):
        return 0, 0, 1, 1
    return columns[0] // 2 * 2, rows[0] // 2 * 2, columns[-1] + 1, rows[-1] + 1


class AnimationWriter:
    """Writes the frames of an `AnimationReader`; subclasses are one format each.

    Args:
        path: where. reader: of the frames. record: the provenance to write.

    Attributes:
        notes: what could not be kept, a sentence each.
    """

    def __init__(self, path: Path, reader: AnimationReader, record: Mapping[str, Any]):
        self.notes: list[str] = []
        self._width, self._height = reader.size
        self._file: BinaryIO = open(path, "wb")
        self._before: np.ndarray | None = None
        self._begin(reader.plays, record)

    def write(self, frame: av.VideoFrame) -> None:
        """Add the next frame, in "rgba"; its duration is stored."""
        pixels = planes(frame)[0].reshape(self._height, self._width, 4).copy()
        self._add(pixels, frame.duration)
        self._before = pixels

    def finish(self, is_whole: bool = True) -> None:
        """Write what is left."""
        self._end()
        self._file.close()

    def close(self) -> None:
        """Close the file; of a finished one nothing more is written."""
        self._file.close()

    def _box(self, pixels):
        return (0, 0, self._width, self._height) if self._before is None else changed_box(self._before, pixels)

    def _begin(self, plays: int, record: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def _add(self, pixels: np.ndarray, ticks: int) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError


class PngWriter(AnimationWriter):
    """Animated PNG: every bit is kept."""

    def _begin(self, plays, record):
        self._plays, self._frames, self._numbered = plays, 0, 0
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">2I5B", self._width, self._height, 8, 6, 0, 0, 0))
        self._control = self._file.tell()
        self._chunk(b"acTL", struct.pack(">2I", 0, plays))
        for name, data, *_ in save_options("x.png", record)["pnginfo"].chunks:
            self._chunk(name, data)

    def _add(self, pixels, ticks):
        x1, y1, x2, y2 = self._box(pixels)
        delay = Fraction(ticks) * TICK
        delay = delay.limit_denominator(65535) if delay < 1 else delay.limit_denominator(1000)
        if delay.numerator > 65535:
            delay = Fraction(min(round(delay), 65535))
        numbers = x2 - x1, y2 - y1, x1, y1, *delay.as_integer_ratio()
        self._chunk(
            b"fcTL", self._number() + struct.pack(">4I2H2B", *numbers, 0, 0)
        )  # stays; in place of what was there
        data = b"".join(data for name, data in _png_chunks(pixels[y1:y2, x1:x2]) if name == b"IDAT")
        if self._frames:
            self._chunk(b"fdAT", self._number() + data)
        else:
            self._chunk(b"IDAT", data)
        self._frames += 1

    def _end(self):
        self._chunk(b"IEND", b"")
        self._file.seek(self._control)
        self._chunk(b"acTL", struct.pack(">2I", self._frames, self._plays))

    def _number(self):
        self._numbered += 1
        return struct.pack(">I", self._numbered - 1)

    def _chunk(self, name, data):
        self._file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))


def _png_chunks(pixels: np.ndarray) -> Iterator[tuple[bytes, bytes]]:
    """(name, data) of the chunks of a picture as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data, place = buffer.getvalue(), 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += length + 12


class WebpWriter(AnimationWriter):
    """Animated WebP, of the quality that still ones are written in."""

    ALPHA, XMP, ANIMATION = 0x10, 0x04, 0x02

    def _begin(self, plays, record):
        self._packet, self._flags = xmp_packet(record), self.XMP | self.ANIMATION
        self._header()
        self._chunk(b"ANIM", struct.pack("<IH", 0, min(plays, 65535)))

    def _add(self, pixels, ticks):
        x1, y1, x2, y2 = self._box(pixels)
        part = pixels[y1:y2, x1:x2]
        if (part[..., 3] == 255).all():
            part = part[..., :3]
        else:
            self._flags |= self.ALPHA
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(part)).save(buffer, **WRITERS[".webp"])
        fields = x1 // 2, y1 // 2, x2 - x1 - 1, y2 - y1 - 1, min(round(ticks / MILLISECOND), (1 << 24) - 1)
        head = b"".join(_three(field) for field in fields) + b"\x02"  # in place of what was there, and stays
        self._chunk(b"ANMF", head + _webp_bitstream(buffer.getvalue()))

    def _end(self):
        self._chunk(b"XMP ", self._packet)
        size = self._file.tell() - 8
        self._file.seek(0)
        self._header(size)

    def _header(self, size=0):
        self._file.write(b"RIFF" + struct.pack("<I", size) + b"WEBP")
        self._chunk(b"VP8X", struct.pack("<I", self._flags) + _three(self._width - 1) + _three(self._height - 1))

    def _chunk(self, name, data):
        self._file.write(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2))


def _three(number: int) -> bytes:
    return int(number).to_bytes(3, "little")


def _webp_bitstream(data: bytes) -> bytes:
    """The chunks of a still WebP that hold its pixels."""
    place, kept = 12, b""
    while place < len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        end = place + 8 + length + length % 2
        if name in (b"ALPH", b"VP8 ", b"VP8L"):
            kept += data[place:end]
        place = end
    return kept


class GifWriter(AnimationWriter):
    """Animated GIF: a palette for each frame, made of what changed in it; pixels are seen or not seen.

    A frame waits for the next one: where that has pixels which are no longer seen, it is taken away after its time.
    """

    KEEP, TAKE_AWAY = 1, 2  # what becomes of a frame after its time

    def _begin(self, plays, record):
        self._waiting: tuple[np.ndarray, int] | None = None
        self._lies_on: np.ndarray | None = None  # what is seen when the waiting frame comes, None: nothing
        write = self._file.write
        write(b"GIF89a" + struct.pack("<2H3B", self._width, self._height, 0, 0, 0))
        if plays != 1:
            write(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", plays and min(plays - 1, 65535), 0))
        write(b"!\xfe" + _blocks(json.dumps(record, ensure_ascii=False).encode()))
        write(b"!\xff\x0bXMP DataXMP" + xmp_packet(record) + b"\x01" + bytes(range(255, -1, -1)) + b"\0")

    def _add(self, pixels, ticks):
        alpha = pixels[..., 3]
        if not self.notes and ((alpha > 0) & (alpha < 255)).any():
            self.notes = ["GIF has no half transparent pixels: they are seen or not seen"]
        pixels[..., 3] = np.where(alpha < 128, 0, 255)
        pixels[alpha < 128, :3] = 0
        if self._waiting is not None:
            vanishes = ((self._waiting[0][..., 3] > 0) & (pixels[..., 3] == 0)).any()
            self._put(self.TAKE_AWAY if vanishes else self.KEEP)
        self._waiting = pixels, ticks

    def _end(self):
        if self._waiting is not None:
            self._put(self.KEEP)
        self._file.write(b";")

    def _put(self, disposal):
        """Write the waiting frame."""
        pixels, ticks = self._waiting
        before = self._lies_on
        is_whole = before is None or disposal == self.TAKE_AWAY  # its box is what is taken away
        x1, y1, x2, y2 = (0, 0, self._width, self._height) if is_whole else changed_box(before, pixels)
        part = pixels[y1:y2, x1:x2]
        stays = part[..., 3] == 0
        if before is not None:
            stays |= (part == before[y1:y2, x1:x2]).all(2)
        image, index = _indexed(part[..., :3], stays)
        delay = min(round(ticks / (10 * MILLISECOND)), 65535)
        self._file.write(b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2 | 1, delay, index, 0))
        for data in GifImagePlugin.getdata(image, (int(x1), int(y1)), include_color_table=True):
            self._file.write(data)
        self._lies_on = None if disposal == self.TAKE_AWAY else pixels


def _blocks(data: bytes) -> bytes:
    """Data as a GIF's blocks of at most 255 bytes, and their end."""
    parts = [data[place : place + 255] for place in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _indexed(rgb: np.ndarray, stays: np.ndarray) -> tuple[Image.Image, int]:
    """A picture (h, w, 3) uint8 with a palette; pixels that stay (h, w) as they are -> picture, index of those.

    Up to 255 colours are kept as they are; more become the 255 that fit best, dithered.
    """
    codes = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, indices = np.unique(codes[~stays], return_inverse=True)
    whole = np.zeros(stays.shape, np.uint8)
    if len(colours) <= COLOURS:
        whole[~stays] = indices
        palette = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], 1).astype(np.uint8)
    else:
        seen = rgb[~stays]
        sample = Image.fromarray(np.ascontiguousarray(seen[None, :: max(len(seen) // SAMPLES, 1)]))
        few = sample.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1)
        count = int(np.asarray(few).max()) + 1
        palette = np.array(few.getpalette("RGB"), np.uint8).reshape(-1, 3)[:count]
        few.putpalette(np.concatenate([palette, np.repeat(palette[-1:], 256 - count, 0)]).tobytes())
        dithered = Image.fromarray(np.ascontiguousarray(rgb)).quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
        whole[:] = np.minimum(np.asarray(dithered), count - 1)  # what lies beyond is that colour
    index = len(palette)
    whole[stays] = index
    image = Image.fromarray(whole).convert("P")
    image.putpalette(np.concatenate([palette, np.zeros((256 - index, 3), np.uint8)]).tobytes())
    return image, index


ANIMATIONS: dict[str, type[AnimationWriter]] = {
    ".gif": GifWriter,
    ".webp": WebpWriter,
    ".png": PngWriter,
    ".apng": PngWriter,
}
