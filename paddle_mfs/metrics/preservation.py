"""What a swap must leave as it was: sharpness, shape, background and what covers the face, of a result held against
its target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.boxes import Detection
from paddle_mfs.metrics.background import background_error, squared_error
from paddle_mfs.metrics.shape import shape_error
from paddle_mfs.metrics.sharpness import sharpness


class Preservation(NamedTuple):
    """Of one result: sharpness (share of the target's), shape (per mille of the face width), background and covered
    pixels (mean squared errors of 8-bit values; a report makes decibels of the mean of several). covered is None where
    it is not known what covers the face."""

    sharpness: float
    shape: float
    background: float
    covered: float | None = None


class Target:
    """A target crop that results in its frame are held against.

    The landmarks of target and results are found anew in one and the same region of interest, the one where the target
    has its face: one pass of the mesh network, no detection. So the target itself has a shape error of 0 by
    construction.

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
        self._shape = self._landmarks(image)

    def preservation(self, result: np.ndarray) -> Preservation:
        """How much of the target there is in `result`, (S, S, 3) uint8 RGB."""
        return Preservation(
            sharpness(result, self.image, self.oval),
            shape_error(self._landmarks(result), self._shape),
            background_error(result, self.image, self.oval),
            None if self.covered is None else squared_error(result, self.image, self.covered),
        )

    def _landmarks(self, image: np.ndarray) -> np.ndarray:
        return self._analyser.landmarker(image, self._region, passes=1)[0]
