"""Five points -> the ArcFace crop.

The template is the one ArcFace and its successors train on (https://github.com/deepinsight/insightface, `arcface_dst`),
for a 112 px crop; a crop of size S uses template * S / 112. A similarity transform is used: a free affine one would
shear the face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from paddle_mfs.face.geometry import similarity, transform, warp

if TYPE_CHECKING:
    from paddle_mfs.face.analysis import Face

TEMPLATE_112 = np.array(
    [
        [38.2946, 51.6963],  # eye on the image's left
        [73.5318, 51.5014],  # eye on the image's right
        [56.0252, 71.7366],  # nose tip
        [41.5493, 92.3655],  # mouth corner on the image's left
        [70.7299, 92.2041],
    ],
    np.float32,
)


class AlignedFace(NamedTuple):
    """An aligned crop, image (S, S, 3) uint8 RGB, and its landmarks (468, >=2) in the crop's pixels."""

    image: np.ndarray
    landmarks: np.ndarray


def template(size: int) -> np.ndarray:
    """(5, 2) float32: where the five points land in a crop of `size` pixels."""
    return TEMPLATE_112 * np.float32(size / 112)


def align(image: np.ndarray, five: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut the aligned face out of a picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        five: (5, 2) eyes, nose tip, mouth corners, in pixels of `image` (pixel centres at integers).
        size: side of the crop in pixels.
    Returns: crop (size, size, 3) uint8 RGB, anti-aliased when the face is larger than the crop, mirrored beyond the
        picture's edge; matrix (2, 3) float64, image -> crop.
    """
    matrix = similarity(five, template(size))
    return warp(image, matrix, (size, size), cv2.INTER_CUBIC, cv2.BORDER_REFLECT), matrix


def aligned_face(image: np.ndarray, face: Face, size: int) -> AlignedFace:
    """Cut out the `Face` of a picture at `size` pixels; landmarks (468, 2) float32."""
    crop, matrix = align(image, face.five, size)
    return AlignedFace(crop, transform(face.landmarks[:, :2], matrix).astype(np.float32))
