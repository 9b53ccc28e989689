"""What a swap must leave as it was, of a result held against its target: sharpness, shape, pose, expression, eyes,
background and what covers the face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.boxes import Detection
from paddle_mfs.face.landmarks import MIN_PRESENCE
from paddle_mfs.metrics.background import background_error, background_ssim, squared_error
from paddle_mfs.metrics.expression import expression_error
from paddle_mfs.metrics.gaze import gaze, gaze_error, openness_error
from paddle_mfs.metrics.pose import pose_error
from paddle_mfs.metrics.shape import shape_error
from paddle_mfs.metrics.sharpness import sharpness


class Preservation(NamedTuple):
    """Of one result: sharpness (share of the target's), shape (per mille of the face width), background and covered
    pixels (mean squared errors of 8-bit values; a report makes decibels of the mean of several), structural similarity
    of the background, pose (degrees), expression (per mille), gaze (per cent of an eye's width), openness of the eyes.
    NaN is what is not known: gaze of closed eyes, covered where it is not said what covers the face."""

    sharpness: float
    shape: float
    background: float
    covered: float
    background_ssim: float
    pose: float
    expression: float
    gaze: float
    openness: float


class Target:
    """A target crop that results in its frame are held against.

    The landmarks of target and results are found anew in one and the same region of interest, the one where the target
    has its face: one pass of the mesh network, no detection. So the target itself has errors of 0 by construction.

    Args:
        image: (S, S, 3) uint8 RGB.
        landmarks: (468, 2 or 3) in its pixels: where the face is. five: its five points, (5, 2).
        oval: (S, S) uint8 0/255, its face oval.
        analyser: finds the landmarks.
        covered: (S, S) bool, where something lies before the face; None: not known.
    """

    def __init__(
        self,
        image: np.ndarray,
        landmarks: np.ndarray,
        five: np.ndarray,
        oval: np.ndarray,
        analyser: FaceAnalyser,
        covered: np.ndarray | None = None,
    ):
        self.image, self.five, self.oval, self._analyser, self.covered = image, five, oval, analyser, covered
        low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
        self._region = Detection((low + high) / 2, float((high - low).max()), five, 1.0)
        self._own: tuple[np.ndarray, bool] | None = None  # what `look` sees of the target itself
        self._own = self.look(image)
        self.landmarks = self._own[0]
        self._gaze = gaze(image, self.landmarks)

    def look(self, result: np.ndarray) -> tuple[np.ndarray, bool]:
        """Landmarks (468, 3) in `result`, (S, S, 3) uint8 RGB, and whether there is a face at all."""
        if result is self.image and self._own:
            return self._own
        landmarks, presence = self._analyser.landmarker(result, self._region, passes=1)
        return landmarks, presence >= MIN_PRESENCE

    def preservation(self, result: np.ndarray, landmarks: np.ndarray | None = None) -> Preservation:
        """How much of the target there is in `result`, (S, S, 3) uint8 RGB. landmarks: what `look` gave of it, if that
        was asked already."""
        landmarks = self.look(result)[0] if landmarks is None else landmarks
        return Preservation(
            sharpness(result, self.image, self.oval),
            shape_error(landmarks, self.landmarks),
            background_error(result, self.image, self.oval),
            np.nan if self.covered is None else squared_error(result, self.image, self.covered),
            background_ssim(result, self.image, self.oval),
            pose_error(landmarks, self.landmarks),
            expression_error(landmarks, self.landmarks),
            gaze_error(gaze(result, landmarks), self._gaze),
            openness_error(landmarks, self.landmarks),
        )
