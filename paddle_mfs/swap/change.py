"""What a network changed in a crop, which is what goes into the picture, and where the face is in it."""

from __future__ import annotations

import numpy as np

from paddle_mfs.face.coarse import coarse
from paddle_mfs.face.detail import contradicted_detail
from paddle_mfs.face.paste import paste

AS_IT_IS = np.eye(2, 3)  # the matrix of a picture that is the crop itself
SHUT = 1e-3  # a mask that is lower everywhere is of no face
LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # ITU-R BT.601


def change_of(crop: np.ndarray, result: np.ndarray) -> np.ndarray:
    """What result - crop means, see `face.coarse` -> (S, S, 3) float32 RGB in [-1, 1], grey where the whole crop is.

    Args:
        crop: (S, S, 3) uint8 RGB, the target. result: (S, S, 3) float32 RGB in [0, 1], the swapped face.
    """
    change = coarse(result - crop / np.float32(255))
    is_grey = (crop == crop[..., :1]).all()
    return np.repeat(change @ LUMA, 3, 2) if is_grey else change


def pasted(picture: np.ndarray, matrix: np.ndarray, crop: np.ndarray, result: np.ndarray) -> np.ndarray:
    """The picture with the face that a network made of its crop, as a swap without options puts it there.

    Args:
        picture: (H, W, 3) uint8 RGB. matrix: (2, 3), picture -> crop. crop, result: as for `change_of`.
    Returns: (H, W, 3) uint8 RGB.
    """
    return paste(picture, change_of(crop, result), matrix, crop, contradicted_detail(crop, result))


def face_mask(mask: np.ndarray) -> np.ndarray:
    """The fusion mask (S, S) float32 as if it were wide open in the face: divided by its usual value there, at most 1.

    Networks open it by half only where the target's texture is to stay (configs/finetune_224.yml). A network without a
    mask has 1 everywhere, which stays.
    """
    sample = mask[::4, ::4]
    level = np.median(sample[sample >= sample.max() / 2])
    return np.minimum(mask / max(level, np.float32(SHUT)), np.float32(1)) if np.isfinite(level) else mask
