"""What a swap must not touch: PSNR and SSIM between result and target outside the face, and where something covers
it."""

import cv2
import numpy as np

from paddle_mfs.metrics.ssim import ssim_map

CAP = 100.0  # dB; what identical pixels score, so that a report stays finite


def squared_error(result: np.ndarray, target: np.ndarray, where: np.ndarray) -> float:
    """Mean squared error of (S, S, 3) uint8 RGB crops in one frame over the pixels of `where`, (S, S) bool; 0 when
    there are none."""
    return float(np.mean((result[where].astype(np.float64) - target[where]) ** 2)) if where.any() else 0.0


def outside(oval: np.ndarray) -> np.ndarray:
    """Where the background is, (S, S) bool: outside the oval, (S, S) uint8 0/255, dilated by 6 px at 224 (else in
    proportion)."""
    radius = max(1, round(6 * oval.shape[0] / 224))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(oval, disc) == 0


def background_error(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """Mean squared error over the background, see `outside`; 0 when there is none.

    Args:
        result, target: (S, S, 3) uint8 RGB crops in one frame.
        oval: (S, S) uint8 0/255, the target's face oval.
    """
    return squared_error(result, target, outside(oval))


def background_ssim(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """Mean SSIM over the background, 1 when there is none; arguments as for `background_error`."""
    where = outside(oval)
    return float(ssim_map(result, target)[where].mean()) if where.any() else 1.0


def psnr(error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error of 8-bit values, at most `CAP`."""
    return float(min(CAP, 10 * np.log10(255**2 / error))) if error else CAP


def background_psnr(result: np.ndarray, target: np.ndarray, oval: np.ndarray) -> float:
    """PSNR in dB outside the face, see `background_error`."""
    return psnr(background_error(result, target, oval))
