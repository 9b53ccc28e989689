"""What is known of the pictures of one name: sizes, how far they lie apart, whether they say they are synthetic."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.difference import mean_difference
from paddle_mfs.provenance import read_provenance, save_options
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import picture_formats

SHOWN_AS_IT_IS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}  # formats that every browser knows
ALIKE = 0.01  # share of the longer side: how much of it rounding may take when a picture is scaled
NEEDED = {"software", "version", "digital_source_type"}  # of a record, for it to be written again
GPS = 0x8825  # EXIF's place


@dataclass
class Item:
    """The pictures of one name, a file and (width, height) for each set.

    differences: {(set, other set): mean absolute difference in levels of 255, in the size of the first set's picture}.
    in_face: whether it was measured in the face. synthetic: which pictures say that they are.
    """

    name: str
    files: list[Path]
    sizes: list[tuple[int, int]]
    differences: dict[tuple[int, int], float]
    in_face: bool
    synthetic: list[bool]

    @property
    def difference(self) -> float:
        """The largest one."""
        return max(self.differences.values())


def look_at(name: str, files: Iterable[Path], analyser: FaceAnalyser | None = None) -> Item:
    """Read and measure the pictures of one name. Those of another size than the first are scaled to it.

    Args:
        analyser: measure in the oval of the largest face of the first picture, where it shows one; None: everywhere.
    Raises: UserError, one line: a picture that cannot be read, or is of another shape than the first.
    """
    files = list(files)
    images = [read_image(path) for path in files]
    height, width = images[0].shape[:2]
    for path, image in zip(files, images):
        if abs(image.shape[1] * height - width * image.shape[0]) > ALIKE * max(image.shape[:2]) * max(height, width):
            shapes = [f"{one.shape[1]} x {one.shape[0]}" for one in (image, images[0])]
            raise UserError(f"{path}: is {shapes[0]}, {files[0]} {shapes[1]}: of another shape; crop them alike")
    scaled = [_scaled(image, width, height) for image in images]
    faces = analyser.faces(images[0]) if analyser else []
    where = None
    if faces:
        where = oval_mask(max(faces, key=lambda face: face.size).landmarks, height, width) > 0
    pairs = itertools.combinations(range(len(images)), 2)
    return Item(
        name,
        files,
        [(image.shape[1], image.shape[0]) for image in images],
        {(a, b): mean_difference(scaled[a], scaled[b], where) for a, b in pairs},
        bool(faces),
        [_is_synthetic(path) for path in files],
    )


def for_browser(path: Path) -> tuple[bytes, str]:
    """A picture file's bytes, and their MIME type, for a page.

    As they are, provenance included, unless browsers do not know the format, or it moves, or says where it was taken:
    then its first image as PNG, to the same pixels, with its provenance.
    """
    with Image.open(path, formats=picture_formats()) as image:
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        tells_place = GPS in image.getexif() or (b"GPS" if isinstance(xmp, bytes) else "GPS") in xmp
        moves = getattr(image, "n_frames", 1) > 1
        kind = SHOWN_AS_IT_IS.get(image.format or "")
    if kind and not moves and not tells_place:
        return path.read_bytes(), kind
    record, file = _record(path), io.BytesIO()
    options = save_options("picture.png", record) if record else {}
    Image.fromarray(read_image(path)).save(file, "PNG", **options)
    return file.getvalue(), "image/png"


def _scaled(image: np.ndarray, width: int, height: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=way)


def _record(path):
    """The record that a picture carries, or None; also for what only looks like one of ours."""
    record = read_provenance(path)
    return record if isinstance(record, dict) and record.keys() >= NEEDED else None


def _is_synthetic(path):
    return (_record(path) or {}).get("synthetic") is True
