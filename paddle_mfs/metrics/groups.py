"""Groups of targets, by skin and light, and by how far they are turned: a mean over all of them hides whom a network
serves badly."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.landmarks import pose
from paddle_mfs.face.regions import skin_colour

DIM = 110  # of 255: a crop whose brightest twentieth is darker than this was taken in little light
EXPOSED = 235.0  # what that twentieth is brought to before skin is looked at
# Individual typology angle, degrees: skin below the first is called dark, above the second light. A. Chardon et al.,
# "Skin colour typology and suntanning pathways", https://doi.org/10.1111/j.1467-2494.1991.tb00561.x
DARK, LIGHT = 10.0, 41.0
TURNS = 10, 25  # degrees of yaw: below the first a face looks into the camera, above the second it is turned far


def groups_of(image: np.ndarray, landmarks: np.ndarray) -> dict[str, str]:
    """The groups a target belongs to, {what they go by: group}, such as {"turn": "10 to 25 degrees"}.

    Args:
        image: (S, S, 3) uint8 RGB crop. landmarks: (468, 3), its pixels.
    """
    return {"skin and light": skin_and_light(image, landmarks), "turn": turn(pose(landmarks)[0])}


def turn(yaw: float) -> str:
    """The group of a target that is turned by `yaw` degrees to either side."""
    low, high = TURNS
    yaw = abs(yaw)
    return (
        f"below {low} degrees" if yaw < low else f"{low} to {high} degrees" if yaw < high else f"above {high} degrees"
    )


def skin_and_light(image: np.ndarray, landmarks: np.ndarray) -> str:
    """The group of a target, such as "dark skin, little light".

    Args:
        image: (S, S, 3) uint8 RGB crop. landmarks: (468, >= 2), its pixels.
    """
    brightest = float(np.quantile(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 0.95))
    skin = (skin_colour(image, landmarks) * EXPOSED / max(brightest, 1.0)).clip(0, 255) / 255
    lightness, _, yellow = cv2.cvtColor(skin.astype(np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0]
    angle = np.degrees(np.arctan2(lightness - 50, max(float(yellow), 1e-3)))
    tone = "dark" if angle < DARK else "light" if angle > LIGHT else "medium"
    return f"{tone} skin, {'little' if brightest < DIM else 'good'} light"
