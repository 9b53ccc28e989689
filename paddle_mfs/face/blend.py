"""What is done to a painted crop before it is pasted: colour, and which parts of the target stay. All in the crop's frame.

    crop (S, S, 3) uint8 RGB     the target        painted (S, S, 3) float32 RGB in [0, 1]     the swapped face
    mask (S, S) float32 in [0, 1], 1 = painted     landmarks (468, >= 2), pixels of the crop
"""
from dataclasses import dataclass

import cv2
import numpy as np

from paddle_mfs.face.regions import (INNER_LIPS, LEFT_BROW, LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE,
                                     oval_mask, region_mask)

STEP = 2                    # colour statistics look at every second pixel of every second row
CONTRAST = 0.67, 1.5        # the match changes the contrast of the lightness by no more than this
SEEN = 0.5                  # pixels with a lower mask do not count for the colour
FEWEST = 64                 # pixels below which there is no colour to match
LIPS_UPPER, LIPS_LOWER = 13, 14             # middle of the inner lips' contour
CLOSED, OPEN = 0.06, 0.14   # height of the inner lips / width of the mouth: fully painted below, fully kept above
MOUTH_FEATHER = 1.5 / 224   # of the crop: sigma
# what is not of skin's colour, and the share of the skin around it that must be covered for it to count so (eyes are near hair)
FEATURES = (OUTER_LIPS, 0.2), (LEFT_EYE + LEFT_BROW, 0.5), (RIGHT_EYE + RIGHT_BROW, 0.5)
SPREAD = 15.0, 6.0, 6.0     # L, a, b: skin is taken to vary by this at least
FAR = 3.0                   # spreads from the face's median colour: no skin
SMALLEST = 200 / 224 ** 2   # of the crop: smaller patches are part of the face (moles, nostrils, glints)
OCCLUSION_FEATHER = 2 / 224     # of the crop: sigma


@dataclass(frozen=True)
class Colour:
    """A colour change, Lab * gain + offset, each (3,) float32 in OpenCV's float Lab (L 0..100)."""
    gain: np.ndarray
    offset: np.ndarray

    def towards(self, other, rate):
        """This change moved by `rate` (0..1) to `other`: an exponential mean over the frames of a clip."""
        return Colour(self.gain + rate * (other.gain - self.gain), self.offset + rate * (other.offset - self.offset))


def match_colour(crop, painted, mask, landmarks):
    """The Colour that gives `painted` the target's mean in Lab and its contrast in L, inside the mask and the face oval.

    Reinhard et al., "Color transfer between images", 2001, in CIE Lab; without the contrast of a and b, whose gain would tint
    eyes and lips of a target under coloured light.
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


def apply_colour(painted, colour, amount=1.0):
    """`painted` with the change, or part of it (amount 0..1)."""
    lab = cv2.cvtColor(painted, cv2.COLOR_RGB2LAB)
    lab += np.float32(amount) * (lab * (colour.gain - 1) + colour.offset)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1)


def _lab(colours):
    """(N, 3) float32 RGB in [0, 1] -> (N, 3) Lab."""
    return cv2.cvtColor(np.ascontiguousarray(colours)[None], cv2.COLOR_RGB2LAB)[0]


def open_mouth(landmarks, size):
    """The inside of the mouth -> (size, size) float32 in [0, 1], feathered; 0 for a closed mouth, rising as it opens."""
    points = np.asarray(landmarks, np.float64)[:, :2]
    width = np.linalg.norm(points[MOUTH_RIGHT] - points[MOUTH_LEFT])
    gape = np.linalg.norm(points[LIPS_LOWER] - points[LIPS_UPPER]) / max(width, 1e-6)
    amount = np.clip((gape - CLOSED) / (OPEN - CLOSED), 0, 1)
    if amount == 0:
        return np.zeros((size, size), np.float32)
    inside = region_mask(points, INNER_LIPS, size, size).astype(np.float32) * np.float32(amount / 255)
    return cv2.GaussianBlur(inside, (0, 0), MOUTH_FEATHER * size)


def occlusion(crop, landmarks):
    """What lies on the face and is of another colour than its skin -> (S, S) float32 in [0, 1], feathered.

    Skin's colour is the median (in Lab) of the face oval without eyes, brows and mouth; these count as covered when the skin
    around them is. Sees cups, microphones, masks, hats and dark hair; does not see hands and thin strands of hair, and takes hard
    shadows and highlights for objects now and then.
    """
    size = crop.shape[0]
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 1.5 * size / 224)
    oval = oval_mask(landmarks, size, size) > 0
    features = [_widened(_hull(landmarks, points, size), 7) for points, _ in FEATURES]
    skin = oval & ~np.any(features, 0)
    if skin.sum() < SMALLEST * size * size:
        return np.zeros((size, size), np.float32)
    colours = lab[skin]
    median = np.median(colours, 0)
    spread = np.maximum(1.48 * np.median(np.abs(colours - median), 0), SPREAD)       # 1.48 MAD estimates a standard deviation
    far = (np.square((lab - median) / spread).sum(-1) > FAR ** 2) & oval
    covered = far & skin
    for feature, (_, share) in zip(features, FEATURES):
        around = _widened(feature, 13) & skin
        if (covered & around).sum() > share * around.sum():
            covered |= feature & far
    covered = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_OPEN, _square(5, size))
    covered = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, _square(7, size))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(covered)
    large = [n for n in range(1, count) if statistics[n, cv2.CC_STAT_AREA] >= SMALLEST * size * size]
    found = _widened(np.isin(labels, large), 5).astype(np.float32)
    return cv2.GaussianBlur(found, (0, 0), OCCLUSION_FEATHER * size)


def _hull(landmarks, points, size):
    """(size, size) bool: the convex hull of some landmarks."""
    mask = np.zeros((size, size), np.uint8)
    hull = cv2.convexHull(np.rint(np.asarray(landmarks)[points, :2]).astype(np.int32))
    return cv2.fillConvexPoly(mask, hull, 1) > 0


def _widened(mask, pixels):
    """A bool mask dilated by a square of so many pixels of a 224 px crop."""
    return cv2.dilate(mask.astype(np.uint8), _square(pixels, mask.shape[0])) > 0


def _square(pixels, size):
    side = max(1, round(pixels * size / 224)) | 1
    return np.ones((side, side), np.uint8)
