"""Groups of targets, by skin and light: a mean over all of them hides whom a network serves badly."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.face.regions import skin_colour

DIM = 110  # of 255: a crop whose brightest twentieth is darker than this was taken in little light
EXPOSED = 235.0  # what that twentieth is brought to before skin is looked at
# Individual typology angle, degrees: skin below the first is called dark, above the second light. A. Chardon et al.,
# "Skin colour typology and suntanning pathways", https://doi.org/10.1111/j.1467-2494.1991.tb00561.x
DARK, LIGHT = 10.0, 41.0


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
