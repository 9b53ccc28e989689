"""One aligned face: at another size, mirrored, as the bytes of a record."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from PIL import Image

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.image import WRITERS

SIZE = 224  # pixels a side


def resized_face(image: np.ndarray, landmarks: np.ndarray, size: int) -> AlignedFace:
    """A crop and its landmarks at another size (area resampling; pixel centres at integers)."""
    scale = np.float32(size / image.shape[0])
    if scale == 1:
        return AlignedFace(image, landmarks)
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return AlignedFace(resized, (landmarks + np.float32(0.5)) * scale - np.float32(0.5))


def mirrored(image: np.ndarray, landmarks: np.ndarray) -> AlignedFace:
    """The mirror image of a crop and its landmarks' places (their indices keep naming the original side)."""
    flipped = landmarks.copy()
    flipped[:, 0] = image.shape[1] - 1 - landmarks[:, 0]
    return AlignedFace(np.ascontiguousarray(image[:, ::-1]), flipped)


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


def read_members(members: Mapping[str, bytes]) -> AlignedFace:
    """The members of a record -> its face; landmarks (468, 2) float32."""
    return AlignedFace(decode_crop(members["jpg"]), np.load(io.BytesIO(members["landmarks.npy"])).astype(np.float32))
