"""SSIM: structural similarity of two pictures.

Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP 2004,
https://doi.org/10.1109/TIP.2003.819861.
"""

from __future__ import annotations

import cv2
import numpy as np

SIGMA, WINDOW = 1.5, 11  # of the Gaussian window, pixels
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """SSIM around each pixel of the grey pictures: two (H, W, 3) uint8 RGB -> (H, W) float64 in [-1, 1]."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (a, b))

    def mean(values):
        return cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA)

    mx, my = mean(x), mean(y)
    covariance, spread = mean(x * y) - mx * my, mean(x * x) - mx * mx + mean(y * y) - my * my
    return (2 * mx * my + C1) * (2 * covariance + C2) / ((mx * mx + my * my + C1) * (spread + C2))
