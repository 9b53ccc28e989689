"""One aligned face: cut out of a picture, at another size, as the bytes of a record."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from paddle_mfs.face.image import WRITERS

if TYPE_CHECKING:
    from paddle_mfs.face.analysis import Face

SIZE = 224  # pixels a side


def resized_face(image: np.ndarray, landmarks: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A crop and its landmarks at another size (area resampling; pixel centres at integers)."""
    scale = np.float32(size / image.shape[0])
    if scale == 1:
        return image, landmarks
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return resized, (landmarks + np.float32(0.5)) * scale - np.float32(0.5)


def aligned_face(image: np.ndarray, face: Face, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The crop (size, size, 3) of a `Face` in `image` and its landmarks (468, 2) float32 in the crop's pixels."""
    from paddle_mfs.face.align import align
    from paddle_mfs.face.geometry import transform

    crop, matrix = align(image, face.five, size)
    return crop, transform(face.landmarks[:, :2], matrix).astype(np.float32)


def mirrored(image: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mirror image of a crop and its landmarks' places (their indices keep naming the original side)."""
    flipped = landmarks.copy()
    flipped[:, 0] = image.shape[1] - 1 - landmarks[:, 0]
    return np.ascontiguousarray(image[:, ::-1]), flipped


def encode_crop(image: np.ndarray, note: str | None = None, **options: Any) -> bytes:
    """Crop (S, S, 3) uint8 RGB -> JPEG bytes (quality 95, 4:4:4: about 20 kB at 224).

    note: the file's comment; options: of Pillow.
    """
    file = io.BytesIO()
    settings: dict[str, Any] = dict(WRITERS[".jpg"])  # type: ignore[call-overload]
    settings |= {"comment": note.encode()} if note else {}
    Image.fromarray(image).save(file, **{**settings, **options})
    return file.getvalue()


def decode_crop(data: bytes) -> np.ndarray:
    """JPEG bytes -> (S, S, 3) uint8 RGB."""
    return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])


def face_members(crop: np.ndarray, landmarks: np.ndarray, facts: Mapping, note: str | None = None) -> dict[str, bytes]:
    """The members of one record of a set of faces, see `faces.ShardedFaces`. note: text for the picture's comment."""
    file = io.BytesIO()
    np.save(file, np.asarray(landmarks, np.float16))
    return {
        "jpg": encode_crop(crop, note),
        "landmarks.npy": file.getvalue(),
        "json": json.dumps(facts, ensure_ascii=False).encode(),
    }


def read_members(members: Mapping[str, bytes]) -> tuple[np.ndarray, np.ndarray]:
    """The members of a record -> crop (S, S, 3) uint8 RGB, landmarks (468, 2) float32 in its pixels."""
    return decode_crop(members["jpg"]), np.load(io.BytesIO(members["landmarks.npy"])).astype(np.float32)
