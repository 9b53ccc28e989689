"""Pixels of a decoded frame: seen upright as RGB, changed where the face is and nowhere else.

A frame stays in the decoder's own planar YUV. What the swap changed in its RGB view is added to the planes as a
difference: no change adds exactly 0, so pixels outside the face keep their bits, whatever their depth.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import av
import cv2
import numpy as np

from paddle_mfs.utils.badge import add_badge, corners

# Kr, Kb of ITU-T H.273 table 4, by matrix coefficients
LUMA = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
BT709, BT601, FULL_RANGE = 1, 5, 2
Turn = tuple[bool, bool, bool]  # see `orientation`


def colour_matrix(frame: av.VideoFrame) -> int:
    """Matrix coefficients (H.273) of a frame.

    Where it does not say, what players take: BT.709 from 720 lines on, else BT.601.
    """
    if frame.colorspace in LUMA:
        return frame.colorspace
    return BT709 if min(frame.width, frame.height) >= 720 else BT601


class Picture:
    """A decoded frame and its upright RGB view.

    Attributes:
        frame: the av.VideoFrame as it will be encoded.
        rgb: (H, W, 3) uint8 RGB, turned as the clip is shown, pixel for pixel the frame's.
        shown: (H', W', 3) uint8 RGB, `rgb` with square pixels, as a player shows it, where faces have their shape;
            the same array where the frame's are square. to_shown: (2, 3), pixels of `rgb` -> of `shown`.
        is_changed: did an `editing` change it?

    The views are made when they are wanted; `rest` lets go of them meanwhile. Any thread may ask, one at a time.
    """

    _converting = threading.Lock()  # a converter does one picture at a time

    def __init__(
        self,
        frame: av.VideoFrame,
        turn: Turn,
        converter: av.video.reformatter.VideoReformatter,
        pixel_aspect: float = 1.0,
    ):
        """converter: an av VideoReformatter, used for one clip; turn: as `orientation` gives it; pixel_aspect: width of
        the frame's pixels over their height."""
        self.frame, self.is_changed = frame, False
        self._turn, self._converter = turn, converter
        self._aspect = 1 / pixel_aspect if turn[0] else pixel_aspect
        self._views = self._made()

    @property
    def rgb(self) -> np.ndarray:
        return self._seen()[0]

    @property
    def shown(self) -> np.ndarray:
        return self._seen()[1]

    @property
    def to_shown(self) -> np.ndarray:
        return self._seen()[2]

    def rest(self) -> None:
        """Free the memory of the views, a multiple of the frame's."""
        self._views = None

    def _seen(self):
        if self._views is None:
            self._views = self._made()
        return self._views

    def _made(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """rgb, shown and to_shown, from the frame as it is."""
        frame, matrix = self.frame, colour_matrix(self.frame)
        with self._converting:
            rgb = self._converter.reformat(
                frame, format="rgb24", src_colorspace=matrix, dst_colorspace=matrix, threads=1
            )
        upright = _turned(planes(rgb)[0].reshape(frame.height, -1, 3), self._turn)
        return upright, *squared(upright, self._aspect)

    @contextlib.contextmanager
    def editing(self, points: np.ndarray) -> Iterator[None]:
        """Within this context `rgb` may be changed, in the box around `points` (N, 2); the change goes into `frame`.

        points: pixels of `rgb`; what lies outside the picture is ignored.
        """
        pixels = _turned_back(self.rgb, self._turn)
        size = pixels.shape[1::-1]
        points = _points_back(points, self._turn, self.rgb.shape)
        x1, y1 = (np.floor(points.min(0) / 4) * 4).clip(0, size).astype(int)  # chroma samples cover 1, 2 or 4 pixels
        x2, y2 = (np.ceil((points.max(0) + 1) / 4) * 4).clip(0, size).astype(int)
        part = pixels[y1:y2, x1:x2]
        before = part.copy("C")
        yield
        if (part != before).any():
            add_change(self.frame, before, np.ascontiguousarray(part), (x1, y1))
            self.is_changed = True

    def add_badge(self) -> None:
        """Paint the badge (`utils.badge`) into `rgb` and `frame`, upright as the clip is shown."""
        scale = self.to_shown[0, 0].item(), self.to_shown[1, 1].item()
        height, width = self.rgb.shape[:2]
        with self.editing(corners(width, height, scale)):
            # of RGBA, which is what animations are in: they are upright, their pixels square
            alpha = planes(self.frame)[0][:, 3::4] if self.frame.format.name == "rgba" else None
            add_badge(self.rgb, alpha, scale)


def squared(rgb: np.ndarray, pixel_aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture of pixels that are not square, widened or heightened -> the picture and the matrix (2, 3) to it."""
    if pixel_aspect == 1:
        return rgb, np.eye(2, 3)
    height, width = rgb.shape[:2]
    size = round(width * max(pixel_aspect, 1)), round(height * max(1 / pixel_aspect, 1))
    across, down = size[0] / width, size[1] / height
    matrix = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2]])  # pixel centres are integers
    return cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), matrix


def orientation(frame: av.VideoFrame) -> Turn:
    """How a frame is turned to be shown: (swap the axes, then flip left-right, flip up-down), from its display matrix.

    https://ffmpeg.org/doxygen/trunk/group__lavu__video__display.html
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    is_turned = abs(a) + abs(d) < abs(b) + abs(c)
    return (True, c < 0, b < 0) if is_turned else (False, a < 0, d < 0)


def _turned(image, turn):
    """The picture as it is shown, contiguous."""
    swap, left_right, up_down = turn
    if swap:
        image = cv2.transpose(image)
    if left_right or up_down:
        image = cv2.flip(image, -1 if left_right and up_down else int(left_right))
    return np.ascontiguousarray(image)


def _turned_back(image, turn):
    """A view of an upright picture in the decoder's orientation."""
    swap, left_right, up_down = turn
    image = image[:: -1 if up_down else 1, :: -1 if left_right else 1]
    return image.transpose(1, 0, 2) if swap else image


def _points_back(points, turn, shape):
    """(N, 2) pixels of an upright picture of `shape` -> pixels in the decoder's orientation."""
    swap, left_right, up_down = turn
    x, y = np.asarray(points, np.float64).T
    x, y = (shape[1] - 1 - x if left_right else x), (shape[0] - 1 - y if up_down else y)
    return np.stack([y, x] if swap else [x, y], 1)


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """The planes of a frame as arrays (rows, samples), uint8 or uint16, that share its memory."""
    packed = {"rgb24": 3, "rgba": 4}.get(frame.format.name, 1)
    arrays = []
    for plane in frame.planes:
        deep = frame.format.components[0].bits > 8
        samples = np.frombuffer(plane, np.uint16 if deep else np.uint8)
        arrays.append(samples.reshape(plane.height, -1)[:, : plane.width * packed])
    return arrays


def add_change(frame: av.VideoFrame, before: np.ndarray, after: np.ndarray, corner: tuple[int, int]) -> None:
    """Bring what happened to a part of the RGB view into the frame.

    Args:
        frame: writable av.VideoFrame, planar YUV; or RGBA, whose pixels become those of `after`.
        before, after: (h, w, 3) uint8 RGB, the part before and after; whole chroma samples, or up to the frame's edge.
        corner: x, y of its first pixel.
    """
    x, y = corner
    height, width = before.shape[:2]
    if frame.format.name == "rgba":
        pixels = planes(frame)[0][y : y + height, 4 * x : 4 * (x + width)]
        for channel in range(3):
            pixels[:, channel::4] = after[..., channel]
        return
    depth = frame.format.components[0].bits
    is_full = frame.color_range == FULL_RANGE or frame.format.name.startswith("yuvj")
    luma_scale, chroma_scale = ((1 << depth) - 1,) * 2 if is_full else (219 << depth - 8, 224 << depth - 8)
    red, blue = LUMA[colour_matrix(frame)]
    luma = np.array([red, 1 - red - blue, blue])
    change = cv2.subtract(after, before, dtype=cv2.CV_32F)
    arrays = planes(frame)
    _add(arrays[0][y : y + height, x : x + width], cv2.transform(change, luma[None] * (luma_scale / 255)), depth)
    across, down = (round(a / b) for a, b in zip((frame.width, frame.height), arrays[1].shape[::-1]))
    if width % across or height % down:  # the last sample of an odd side
        change = cv2.copyMakeBorder(change, 0, height % down, 0, width % across, cv2.BORDER_REPLICATE)
    small = cv2.resize(change, (change.shape[1] // across, change.shape[0] // down), interpolation=cv2.INTER_AREA)
    for array, row, weight in zip(arrays[1:], (2, 0), (blue, red)):
        row = (np.eye(3)[row] - luma) / (2 * (1 - weight)) * (chroma_scale / 255)
        part = array[y // down : y // down + small.shape[0], x // across : x // across + small.shape[1]]
        _add(part, cv2.transform(small, row[None]), depth)


def _add(part, change, depth):
    """part += change, rounded, within the depth's range."""
    total = cv2.add(part, change, dtype=cv2.CV_8U if depth == 8 else cv2.CV_16U)
    part[...] = total if depth in (8, 16) else np.minimum(total, (1 << depth) - 1)
