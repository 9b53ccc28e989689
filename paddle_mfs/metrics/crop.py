"""The aligned crop of a picture's largest face, as it is measured: at 224 px, in the frame of its face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from paddle_mfs.face.align import AlignedFace, align
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.geometry import invert, scale_of, transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.swap.identity import read_source
from paddle_mfs.utils.errors import UserError

MEASURED_SIZE = 224  # pixels, the side of every crop that is measured


@dataclass
class Crop:
    """An aligned face: its photo, and what is measured of it at 224 px.

    photo (H, W, 3) uint8 RGB, photo_five (5, 2) in its pixels, matrix (2, 3), photo -> crop; image (224, 224, 3) uint8
    RGB, in whose pixels are landmarks (468, 3) and five (5, 2), both float32, and oval (224, 224) uint8, 255 in the
    face.
    """

    photo: np.ndarray
    photo_five: np.ndarray
    matrix: np.ndarray
    image: np.ndarray
    landmarks: np.ndarray
    five: np.ndarray
    oval: np.ndarray

    @property
    def face(self) -> AlignedFace:
        """The crop and its landmarks, as teachers take it."""
        return AlignedFace(self.image, self.landmarks)

    def at(self, size: int) -> np.ndarray:
        """The crop cut from the photo at another size -> (size, size, 3) uint8 RGB."""
        return self.image if size == MEASURED_SIZE else align(self.photo, self.photo_five, size)[0]

    @property
    def photo_landmarks(self) -> np.ndarray:
        """The landmarks in the photo's pixels, (468, 2)."""
        return transform(self.landmarks[:, :2], invert(self.matrix))

    def covered(self, mask: str | Path) -> np.ndarray:
        """Where something lies before the face: what is white in the picture file `mask` of the photo's size, within
        the oval -> (224, 224) bool. Raises UserError when it cannot be read or has another size."""
        white = read_image(mask)[..., 0]
        if white.shape != self.photo.shape[:2]:
            raise UserError(f"{mask}: has another size than the picture it belongs to; draw it again")
        return (cv2.warpAffine(white, self.matrix, self.oval.shape, flags=cv2.INTER_NEAREST) > 127) & (self.oval > 0)


def load_crop(path: str | Path, analyser: FaceAnalyser) -> Crop:
    """The largest face of a picture file as a Crop. Raises UserError when it cannot be read or shows none."""
    photo = read_source(path)
    face = analyser.largest(photo, str(path))
    image, matrix = align(photo, face.five, MEASURED_SIZE)
    landmarks = np.column_stack([transform(face.landmarks[:, :2], matrix), face.landmarks[:, 2] * scale_of(matrix)])
    return Crop(
        photo,
        face.five,
        matrix,
        image,
        landmarks.astype(np.float32),
        transform(face.five, matrix).astype(np.float32),
        oval_mask(landmarks, MEASURED_SIZE, MEASURED_SIZE),
    )
