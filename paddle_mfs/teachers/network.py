"""What teachers that are networks have in common: the way of a crop into the network's picture and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
import paddle.nn as nn

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.teachers.teacher import Teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import load_into


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """(H, W, C) uint8 -> (size, size, C): area resampling when it gets smaller, cubic when larger."""
    if image.shape[:2] == (size, size):
        return image
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if size < image.shape[0] else cv2.INTER_CUBIC)


def placed(image: np.ndarray, size: int, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """An aligned crop as a network wants it: (S, S, 3) -> (size, size, 3) uint8.

    Args:
        box: (left, top, right, bottom) in pixels of the result: where the crop goes; all of it without. What lies
            around the crop was cut away when the face was aligned: the crop's mirror image stands in for it.
    """
    left, top, right, bottom = box or (0, 0, size, size)
    inner = resized(image, right - left)
    return cv2.copyMakeBorder(inner, top, size - bottom, left, size - right, cv2.BORDER_REFLECT_101) if box else inner


class NetworkTeacher(Teacher):
    """Base of a teacher that is a network: a subclass has `size`, `identify` and `paint`. Landmarks are not used.

    size: side of the network's picture. box: where the aligned crop lies in it, see `placed`.
    """

    size: int
    box: tuple[int, int, int, int] | None = None

    def __init__(self):
        self._source: np.ndarray | None = None
        self._identity: Any = None

    @property
    def may_fork(self) -> bool:
        return paddle.get_device().startswith("cpu")

    def identify(self, source: np.ndarray) -> Any:
        """Aligned source crop (S, S, 3) uint8 RGB -> what `paint` wants to know of it."""
        raise NotImplementedError

    def paint(self, identity: Any, picture: np.ndarray) -> np.ndarray:
        """identify's result, target (size, size, 3) uint8 RGB -> swapped picture of the same kind."""
        raise NotImplementedError

    def swap(
        self,
        source: AlignedFace,
        target: AlignedFace,
        geometry: Any = None,
        keys: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        crop, size = source.image, target.image.shape[0]
        if self._source is None or not np.array_equal(crop, self._source):  # the targets of a source come together
            self._identity, self._source = self.identify(crop), crop.copy()
        image = self.paint(self._identity, placed(target.image, self.size, self.box))
        if self.box:
            left, top, right, bottom = self.box
            image = image[top:bottom, left:right]
        return resized(image, size), np.ones((size, size), np.float32)  # a network paints every pixel


def load_network(layer: nn.Layer, path: str | Path, key: str) -> nn.Layer:
    """Load a converted network, frozen and in eval mode. Raises UserError naming the config key and how to convert."""
    try:
        load_into(layer, path)
    except UserError as error:
        raise UserError(f"{key}: {error}; tools/convert_weights.py makes this file from the public one") from None
    return freeze(layer)
