"""One picture as files of falling quality: PNG, JPEG, H.264. All of them carry their provenance."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from paddle_mfs.provenance import save_options
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.encoding import Encoding
from paddle_mfs.video.write import write_encoded

RATE = 25  # frames a second of a clip
LEAST = 32  # pixels a side of a clip


def encode_png(image: np.ndarray, record: Mapping[str, Any]) -> bytes:
    """(H, W, 3) uint8 RGB, or a mask (H, W) uint8 -> PNG bytes. record: its provenance."""
    return _encoded(image, "x.png", record)


def encode_jpeg(image: np.ndarray, quality: int, record: Mapping[str, Any]) -> bytes:
    """(H, W, 3) uint8 RGB -> JPEG bytes of a quality 1..100, 4:2:0 as cameras and web pages write it."""
    return _encoded(image, "x.jpg", record, quality=quality, subsampling=2)


def _encoded(image, name, record, **options):
    file = io.BytesIO()
    kind = "PNG" if name.endswith("png") else "JPEG"
    Image.fromarray(image).save(file, kind, **options, **save_options(name, record))
    return file.getvalue()


def moved(image: np.ndarray, frames: int) -> list[np.ndarray]:
    """The picture before a camera that moves a pixel right and down from frame to frame -> list of (h, w, 3), of even
    height and width: frame n shows it from pixel (n, n) on.

    Whole pixels, so that nothing is resampled: each frame is what a swap of that frame would give, as the crop that the
    network sees moves with the face. Raises UserError for a picture too small for that.
    """
    height, width = (side - (frames - 1) & ~1 for side in image.shape[:2])
    if min(height, width) < LEAST:
        raise UserError(f"is too small for a clip of {frames} frames; lower ladder.frames")
    return [image[n : n + height, n : n + width] for n in range(frames)]


def encode_h264(frames: list[np.ndarray], crf: int, record: Mapping[str, Any]) -> bytes:
    """Frames (h, w, 3) uint8 RGB of even sides -> bytes of an MP4, H.264 4:2:0 of a quality (CRF) 0..51; the same ones
    each time."""
    height, width = frames[0].shape[:2]
    encoding = Encoding("h264", "yuv420p", crf, repeatable=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        with write_encoded(path, (width, height), record, encoding) as writer:
            for number, frame in enumerate(frames):
                writer.add(np.ascontiguousarray(frame), number / RATE)
            writer.finish()
        return path.read_bytes()


def decode(data: bytes, suffix: str) -> list[np.ndarray]:
    """Bytes of a member that ends like `suffix` -> its frames (H, W, 3) uint8 RGB, of a picture one.

    Raises UserError for bytes that are no such file.
    """
    with contextlib.suppress(av.error.FFmpegError, cv2.error):
        if suffix.endswith("mp4"):
            with av.open(io.BytesIO(data)) as clip:
                return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if found is not None:
            return [np.ascontiguousarray(found[..., ::-1])]
    raise UserError(f"a member {suffix} cannot be decoded; make the set again")
