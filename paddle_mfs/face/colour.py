"""The target's colour for a painted crop, before it is pasted.

crop (S, S, 3) uint8 RGB     the target        painted (S, S, 3) float32 RGB in [0, 1]     the swapped face
mask (S, S) float32 in [0, 1], 1 = painted     landmarks (468, >= 2), pixels of the crop
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from paddle_mfs.face.regions import oval_mask

STEP = 2  # colour statistics look at every second pixel of every second row
CONTRAST = 0.67, 1.5  # the match changes the contrast of the lightness by no more than this
SEEN = 0.5  # pixels with a lower mask do not count for the colour
FEWEST = 64  # pixels below which there is no colour to match


@dataclass(frozen=True)
class Colour:
    """A colour change, Lab * gain + offset, each (3,) float32 in OpenCV's float Lab (L 0..100)."""

    gain: np.ndarray
    offset: np.ndarray

    def towards(self, other: Colour, rate: float) -> Colour:
        """This change moved by `rate` (0..1) to `other`: an exponential mean over the frames of a clip."""
        return Colour(self.gain + rate * (other.gain - self.gain), self.offset + rate * (other.offset - self.offset))


def match_colour(crop: np.ndarray, painted: np.ndarray, mask: np.ndarray, landmarks: np.ndarray) -> Colour:
    """The Colour that gives `painted` the target's mean in Lab and its contrast in L, inside mask and face oval.

    Reinhard et al., "Color transfer between images", 2001, in CIE Lab; without the contrast of a and b, whose gain
    would tint eyes and lips of a target under coloured light.
    """
    size = mask.shape[0]
    region = ((mask > SEEN) & (oval_mask(landmarks, size, size) > 0))[::STEP, ::STEP]
    if region.sum() < FEWEST:
        return Colour(np.ones(3, np.float32), np.zeros(3, np.float32))
    goal = _lab(crop[::STEP, ::STEP][region] / np.float32(255))
    mine = _lab(painted[::STEP, ::STEP][region])
    gain = np.ones(3, np.float32)
    gain[0] = (goal[:, 0].std() / max(mine[:, 0].std(), 1e-3)).clip(*CONTRAST)
    return Colour(gain, goal.mean(0) - gain * mine.mean(0))


def apply_colour(painted: np.ndarray, colour: Colour, amount: float = 1.0) -> np.ndarray:
    """`painted` with the change, or part of it (amount 0..1)."""
    lab = cv2.cvtColor(painted, cv2.COLOR_RGB2LAB)
    lab += np.float32(amount) * (lab * (colour.gain - 1) + colour.offset)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1)


def _lab(colours):
    """(N, 3) float32 RGB in [0, 1] -> (N, 3) Lab."""
    return cv2.cvtColor(np.ascontiguousarray(colours)[None], cv2.COLOR_RGB2LAB)[0]
