"""How steady a swap is from frame to frame of a clip, beside its target: shaking, flicker and a wandering identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddle_mfs.metrics.jitter import jitter
from paddle_mfs.metrics.sharpness import core_mask
from paddle_mfs.teachers.mesh import MeshTeacher


@dataclass
class Frame:
    """One frame's target and result in one frame of reference: their landmarks (468, >= 2) in pixels of the crop, the
    result (S, S, 3) uint8 RGB, the target's oval (S, S) uint8 0/255."""

    target_landmarks: np.ndarray
    landmarks: np.ndarray
    image: np.ndarray
    oval: np.ndarray


def relative_jitter(before: Frame, now: Frame) -> float:
    """RMS distance by which the result's landmarks moved otherwise than the target's, in per mille of the face width:
    0 of a result that moves with its target."""
    offsets = [frame.landmarks[:, :2] - frame.target_landmarks[:, :2] for frame in (before, now)]
    return jitter(np.stack(offsets), float(np.ptp(now.target_landmarks[:, 0])))


def flicker(before: Frame, now: Frame) -> float:
    """Warping error: mean absolute difference of the result, in 8-bit values, from the frame before it bent along the
    motion of the target's mesh, in the core of the face.

    The target itself has some, of light, noise and what the mesh does not follow: the row of no swap.
    """
    geometry = MeshTeacher().geometry(now.target_landmarks, len(now.image))
    bent = geometry.warp(before.image, before.target_landmarks)
    difference = np.abs(bent.astype(np.float32) - now.image)[core_mask(now.oval)]
    return float(difference.mean()) if difference.size else float("nan")


def identity_spread(descriptors: np.ndarray) -> float:
    """Variance of the identity over a clip: mean squared Euclidean distance of descriptors (T, D) from their mean."""
    values = np.asarray(descriptors, np.float64)
    return float(((values - values.mean(0)) ** 2).sum(1).mean())
