"""Sharpness: how much of the target's fine detail a result keeps in the face, in the crop and in its picture."""

import cv2
import numpy as np

from paddle_mfs.face.geometry import invert, scale_of, transform
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.crop import Crop

RIM = 12 / 224  # of the crop


def core_mask(oval: np.ndarray, size: float | None = None) -> np.ndarray:
    """The oval without its rim: eroded by 12 px in a crop of 224 (in proportion at other sizes).

    Args:
        oval: (H, W) uint8, 0 or 255. size: side of the crop in pixels of the oval; None: H. Returns: (H, W) bool.
    """
    radius = max(1, round(RIM * (size or oval.shape[0])))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.erode(oval, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


def laplacian_variance(image: np.ndarray, mask: np.ndarray) -> float:
    """Variance of the 3x3 Laplacian of the grey image (H, W, 3) uint8 RGB over the pixels of `mask` (bool)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[mask].var())


def sharpness(result: np.ndarray, target: np.ndarray, oval: np.ndarray, size: float | None = None) -> float:
    """Laplacian variance of the result over that of the target in the core of the face: 1 as sharp, below 1 softer.

    Args:
        result, target: (H, W, 3) uint8 RGB in one frame. oval: (H, W) uint8 0/255, the target's face oval.
        size: as for `core_mask`.
    """
    x, y, width, height = cv2.boundingRect(oval)  # the core lies inside it: no need to look at all of a photo
    box = np.s_[y : y + height, x : x + width] if width else np.s_[:]
    mask = core_mask(oval[box], size or oval.shape[0])
    return laplacian_variance(result[box], mask) / max(laplacian_variance(target[box], mask), 1e-6)


def picture_sharpness(picture: np.ndarray, target: Crop) -> float:
    """`sharpness` at the scale of the target's photo, of a `picture` of its size, (H, W, 3) uint8 RGB."""
    points = transform(target.landmarks[:, :2], invert(target.matrix))
    oval = oval_mask(points, *target.photo.shape[:2])
    return sharpness(picture, target.photo, oval, target.image.shape[0] / scale_of(target.matrix))
