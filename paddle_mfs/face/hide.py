"""A head made unrecognisable: a few coarse blocks, blurred, over all of it. What lay under them is gone."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.geometry import similarity, warp
from paddle_mfs.face.landmarks import ROI_SCALE, region

HEAD = 2.1  # side of the square around a head / longer side of its face, which ends at the hairline
CENTRE, RADII = 0.08, (0.65, 0.8)  # of the oval, in the same unit: how far above the face's middle; across and along
SOFT = 0.2  # of the radii: beyond the oval it fades out over so much
BLOCKS = 8  # along the square: fewer than four across a face
BLUR = 0.05  # sigma / side of the square; the blocks' edges go


def hidden(image: np.ndarray, face: Face, size: int, grown: float = 1.0) -> tuple[np.ndarray, ...]:
    """What `paste(image, *hidden(...))` hides a head with: within its oval no pixel of the picture has a share.

    Args:
        image: (H, W, 3) uint8 RGB. face: `Face`, in its pixels. size: S, side of the crop.
        grown: how much larger than usual, where it is not sure where the head is.
    Returns: change (S, S, 3) float32 RGB in [-1, 1], matrix (2, 3) image -> crop, crop (S, S, 3) uint8 RGB, damping
        (S, S) float32 in [0, 1], 1 within the oval.
    """
    where = region(face.landmarks)
    unit = where.side / ROI_SCALE * grown  # longer side of the face
    across = np.array([np.cos(where.angle), np.sin(where.angle)]) * unit
    along = np.array([-across[1], across[0]])
    middle = where.centre - CENTRE * along
    corners = [middle - HEAD / 2 * (across + along), middle + HEAD / 2 * (across + along)]
    matrix = similarity(np.array(corners), np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]]))
    crop = warp(image, matrix, (size, size), cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
    blocks = cv2.resize(crop, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA).astype(np.float32)
    flat = cv2.resize(blocks, (size, size), interpolation=cv2.INTER_NEAREST)
    flat = cv2.GaussianBlur(flat, (0, 0), BLUR * size, borderType=cv2.BORDER_REPLICATE)
    damping = _oval(size)
    return damping[..., None] * (flat - crop) / np.float32(255), matrix, crop, damping


def _oval(size):
    """(size, size) float32: 1 within the oval, 0 from a bit beyond it on."""
    y, x = ((np.mgrid[:size, :size] + 0.5) / size - 0.5) * HEAD
    radius = np.hypot(x / RADII[0], y / RADII[1])
    return ((1 + SOFT - radius) / SOFT).clip(0, 1).astype(np.float32)
