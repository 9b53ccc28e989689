"""The 468-point face mesh of a detected face, and the head pose read from it.

Face mesh: Kartynnik et al. 2019, https://arxiv.org/abs/1907.06724 (192 px input).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from paddle_mfs.face import regions
from paddle_mfs.face.boxes import Detection
from paddle_mfs.face.geometry import invert, scale_of, transform, warp
from paddle_mfs.utils.tensor import to_batch

INPUT = 192
MIN_PRESENCE = 0.5  # below, the network says that there is no face
ROI_SCALE = 1.5  # side of the region shown to the network / side of the face box


class Landmarker:
    """Dense landmarks of one face.

    Args:
        network: callable, (N, 3, 192, 192) float32 RGB in [0, 1] -> [landmarks (N, 468, 3) in pixels of the crop,
            presence logit (N,)] numpy arrays.
    """

    def __init__(self, network: Callable):
        self.network = network

    def __call__(self, image: np.ndarray, detection: Detection, passes: int = 2) -> tuple[np.ndarray, float]:
        """Landmarks of `detection` in `image` (H, W, 3) uint8 RGB.

        The first pass looks where the detection says, each further pass where the mesh of the pass before says.

        Returns: landmarks (468, 3) float32, pixels of the image (z in the same unit, smaller is nearer); presence 0..1.
            A pass whose presence stays below MIN_PRESENCE is the last.
        """
        left, right = detection.keypoints[:2]
        landmarks, presence = self.look(
            image, Region(detection.centre, detection.size * ROI_SCALE, _angle(left, right))
        )
        for _ in range(passes - 1):
            if presence < MIN_PRESENCE:
                break
            landmarks, presence = self.look(image, region(landmarks))
        return landmarks, presence

    def look(self, image: np.ndarray, where: Region) -> tuple[np.ndarray, float]:
        """One pass over a `Region` -> landmarks and presence, as above."""
        centre, side, angle = where
        scale = INPUT / max(side, 1e-3)
        linear = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        view = np.column_stack([linear, (INPUT - 1) / 2 - linear @ centre])
        pixels = warp(image, view, (INPUT, INPUT), cv2.INTER_LINEAR)
        mesh, logit = self.network(to_batch(pixels))
        mesh = np.asarray(mesh, np.float64).reshape(468, 3)
        back = invert(view)
        # the network measures from the edge of the first pixel
        landmarks = np.column_stack([transform(mesh[:, :2] - 0.5, back), mesh[:, 2] * scale_of(back)])
        return landmarks.astype(np.float32), float(1 / (1 + np.exp(-np.clip(np.asarray(logit).ravel()[0], -80, 80))))


def _angle(left, right):
    """Roll in radians of the line through two points, 0 when the second is straight to the right."""
    return float(np.arctan2(right[1] - left[1], right[0] - left[0]))


class Region(NamedTuple):
    """What the network is shown: centre (2,) and side in pixels, roll in radians (clockwise in the image)."""

    centre: np.ndarray
    side: float
    angle: float


def region(landmarks: np.ndarray) -> Region:
    """The Region to look at, from a mesh (468, 3)."""
    xy = landmarks[:, :2].astype(np.float64)
    angle = _angle(xy[regions.EYE_LEFT_OUTER], xy[regions.EYE_RIGHT_OUTER])
    upright = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = xy @ upright.T
    low, high = turned.min(0), turned.max(0)
    return Region(upright.T @ ((low + high) / 2), float((high - low).max()) * ROI_SCALE, angle)


def pose(landmarks: np.ndarray) -> tuple[float, float, float]:
    """Head pose from the mesh -> (yaw, pitch, roll) in degrees.

    yaw > 0: turned to the image's right; pitch > 0: looking down (a level face reads about +7); roll > 0: clockwise in
    the image.
    """
    m = np.asarray(landmarks, np.float64)
    across = (m[regions.EYE_RIGHT_OUTER] - m[regions.EYE_LEFT_OUTER]) + (m[regions.MOUTH_RIGHT] - m[regions.MOUTH_LEFT])
    across /= max(np.linalg.norm(across), 1e-9)
    down = m[regions.CHIN] - m[regions.FOREHEAD]
    down -= across * (across @ down)
    down /= max(np.linalg.norm(down), 1e-9)
    into = np.cross(across, down)
    yaw = np.arcsin(np.clip(across[2], -1, 1))
    pitch = np.arctan2(down[2], into[2])
    roll = np.arctan2(across[1], across[0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))
