"""What a swap must not touch: PSNR between result and target outside the face, and where something covers it."""

import cv2
import numpy as np

CAP = 100.0  # dB; what identical pixels score, so that a report stays finite


def squared_error(result: np.ndarray, target: np.ndarray, where: np.ndarray) -> float:
    """Mean squared error of (S, S, 3) uint8 RGB crops in one frame over the pixels of `where`, (S, S) bool; 0 when
    there are none."""
    return float(np.mean((result[where].astype(np.float64) - target[where]) ** 2)) if where.any() else 0.0


def background_error(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """Mean squared error over the pixels outside the oval dilated by 6 px at 224 (else in proportion); 0 when there are
    none.

    Args:
        result, target: (S, S, 3) uint8 RGB crops in one frame.
        oval: (S, S) uint8 0/255, the target's face oval.
    """
    radius = max(1, round(6 * oval.shape[0] / 224))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return squared_error(result, target, cv2.dilate(oval, disc) == 0)


def psnr(error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error of 8-bit values, at most `CAP`."""
    return float(min(CAP, 10 * np.log10(255**2 / error))) if error else CAP


def background_psnr(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """PSNR in dB outside the face, see `background_error`."""
    return psnr(background_error(result, target, oval))
