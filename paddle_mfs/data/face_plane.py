"""Places before a face: where spectacles sit and hands come to lie."""

from __future__ import annotations

import numpy as np

from paddle_mfs.face.regions import CHIN, EYE_LEFT_OUTER, EYE_RIGHT_OUTER, MOUTH_LEFT, MOUTH_RIGHT

BRIDGE = [168, 6]  # of the nose, between the eyes
DOWN = 0.69  # eye line to mouth, times this, is as long as bridge to outer corner of an eye
OWN = 0.5  # how far a half follows its own eye, the rest the mean of both


class FacePlane:
    """Coordinates of a plane before the face that turns and tilts with it.

    (0, 0) is the bridge of the nose, (-1, 0) and (1, 0) are about the outer corners of the left and the right eye, y
    points to the chin; the mouth is near (0, 1.45), the ears near (+-1.5, 0.1). Of a mirrored face it is the mirrored
    plane, for the landmarks keep their names.

    Attributes: origin, (2,), where (0, 0) lies; unit, the length 1, both in pixels; side, -1 of a mirrored
    face, else 1.

    landmarks: (468, >= 2), pixels of the crop.
    """

    def __init__(self, landmarks: np.ndarray):
        points = np.asarray(landmarks, np.float64)[:, :2]
        self.origin = points[BRIDGE].mean(0)
        left, right = points[EYE_LEFT_OUTER], points[EYE_RIGHT_OUTER]
        across = (right - left) / 2
        self.unit = max(float(np.hypot(*across)), 1.0)  # pixels
        # The plane stands before the eyes: of a turned head the bridge comes nearer to the far eye than the middle
        # between the eyes is, and the far half looks the narrower.
        sides = [(self.origin - left) @ across, (right - self.origin) @ across]
        shares = 1 - OWN + OWN * (np.array(sides) / self.unit**2).clip(0.3, 1.7)
        along = across / max(float(np.hypot(*across)), 1e-6)
        upright = np.array([-along[1], along[0]])
        down = points[CHIN] - self.origin
        self.side = 1.0 if upright @ down >= 0 else -1.0
        self._rigid = np.stack([along, upright * self.side]) * self.unit
        self._left, self._right = (across * share for share in shares)
        self._down = ((points[MOUTH_LEFT] + points[MOUTH_RIGHT]) - (left + right)) / 2 * DOWN

    def at(self, places: np.ndarray) -> np.ndarray:
        """(..., 2) coordinates -> pixels."""
        x, y = np.moveaxis(np.asarray(places, np.float64), -1, 0)[..., None]
        return self.origin + np.where(x < 0, self._left, self._right) * x + self._down * y

    def beside(self, places: np.ndarray) -> np.ndarray:
        """(..., 2) coordinates -> pixels, of things that do not turn and tilt with the face, only roll with it."""
        return self.origin + np.asarray(places, np.float64) @ self._rigid

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """(..., 2) pixels -> coordinates."""
        away = np.asarray(pixels, np.float64) - self.origin
        (a, b), (c, d) = self._right, self._down
        inverse = np.array([[d, -c], [-b, a]]) / (a * d - b * c or 1.0)
        x, y = np.moveaxis(away @ inverse.T, -1, 0)
        return np.stack([np.where(x < 0, x * np.hypot(a, b) / np.hypot(*self._left), x), y], -1)
