"""Clips that are made to be measured."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np


def write_h264(file: str | Path | BinaryIO, pictures: Iterable[np.ndarray], rate: int, quality: int) -> None:
    """Write pictures, (H, W, 3) uint8 RGB of one size, as H.264 in MP4, 8-bit 4:2:0; quality: CRF."""
    target = str(file) if isinstance(file, (str, Path)) else file
    with av.open(target, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=rate, options={"crf": str(quality), "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
