"""Pictures and the arrays that networks take: the one place where pixels become numbers and numbers pixels again.

Convention: an image is (H, W, 3) uint8 RGB; a batch is (N, 3, H, W) float32 RGB, in [0, 1] unless mean and std say
otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import paddle


def to_batch(
    images: np.ndarray | Sequence[np.ndarray], mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0
) -> np.ndarray:
    """Images -> the batch a network takes: (pixel / 255 - mean) / std, channel by channel, contiguous.

    Args:
        images: (H, W, 3), or several of one size: a list of them or (N, H, W, 3); uint8 RGB.
        mean, std: a number, or one a channel.
    """
    images = np.asarray(images)
    images = images[None] if images.ndim == 3 else images
    batch = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
    if np.any(mean) or np.any(np.not_equal(std, 1)):
        batch = (batch - _a_channel(mean)) / _a_channel(std)
    return batch


def to_image(
    values: np.ndarray | paddle.Tensor, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0
) -> np.ndarray:
    """What a network made of one image -> (H, W, 3) uint8 RGB, clipped and rounded to the nearest.

    Args:
        values: (3, H, W) or (1, 3, H, W), or of a mask (1, H, W), which comes out grey; floats, a paddle tensor too.
        mean, std: as `to_batch` was given them.
    """
    values = np.asarray(values.numpy() if hasattr(values, "numpy") else values)
    values = values[0] if values.ndim == 4 else values
    values = values * _a_channel(std) + _a_channel(mean)
    image = np.rint(values.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    return np.ascontiguousarray(image if image.shape[2] == 3 else image.repeat(3, 2))


def to_images(batch: np.ndarray | paddle.Tensor) -> list[np.ndarray]:
    """(N, 3, H, W) in [0, 1] -> list of N images, see `to_image`."""
    batch = batch.numpy() if hasattr(batch, "numpy") else batch
    return [to_image(values) for values in batch]


def _a_channel(value):
    return np.asarray(value, np.float32).reshape(-1, 1, 1)
