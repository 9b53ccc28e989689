"""Identity: Euclidean distance between dlib face descriptors of two pictures.

The recogniser (dlib_face_recognition_resnet_model_v1, CC0, http://dlib.net/files/) takes no part in training or
injection, so it is an independent judge. dlib calls two pictures the same person when their distance is below 0.6.

Which points align what: the source by its own five points; the target, and every result made from it, by the *target's*
five points. A result lies in the target's frame, so both chips cut the same pixels and a landmark error cannot pass for
identity.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import paddle

from paddle_mfs.face.geometry import similarity
from paddle_mfs.models import create_model
from paddle_mfs.utils.tensor import to_batch

SAME_PERSON_DISTANCE = 0.6
CHIP_SIZE = 150
# dlib's five-point chip: left eye, right eye, nose tip, mouth corners in a unit square, with a quarter of padding
# around it.
_UNIT = np.array(
    [[0.22549, 0.21599], [0.75476, 0.21599], [0.490127, 0.515625], [0.254149, 0.780233], [0.726104, 0.780233]],
    np.float32,
)
TEMPLATE_150 = (_UNIT + 0.25) / 1.5 * CHIP_SIZE


def chip(image: np.ndarray, five: np.ndarray) -> np.ndarray:
    """Cut dlib's aligned chip: image (H, W, 3) uint8 RGB, five (5, 2) pixels of it -> (150, 150, 3) uint8 RGB."""
    matrix = similarity(np.asarray(five, np.float32), TEMPLATE_150)
    return cv2.warpAffine(
        image, matrix, (CHIP_SIZE, CHIP_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


class Recogniser:
    """The judge: descriptors of aligned chips, by the bundled dlib network."""

    name = "dlib_resnet"

    def __init__(self):
        self._network = create_model("dlib_resnet", weights="bundled")

    def descriptors(self, images: Sequence[np.ndarray], fives: Sequence[np.ndarray], batch: int = 16) -> np.ndarray:
        """N images (uint8 RGB) with their five points -> (N, 128) float32. Compare rows by Euclidean distance."""
        chips = [chip(image, five) for image, five in zip(images, fives)]
        rows = [self.describe(to_batch(chips[start : start + batch])) for start in range(0, len(chips), batch)]
        return np.concatenate(rows) if rows else np.zeros((0, 128), np.float32)

    def describe(self, chips: np.ndarray) -> np.ndarray:
        """Chips (N, 3, 150, 150) RGB in [0, 1] -> (N, 128) float32."""
        with paddle.no_grad():
            return self._network(paddle.to_tensor(chips * 255)).numpy()


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distance of descriptors, row by row: (N, 128), (N, 128) -> (N,)."""
    return np.linalg.norm(np.asarray(a) - np.asarray(b), axis=-1)
