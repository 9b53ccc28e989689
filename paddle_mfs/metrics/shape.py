"""Shape: how far the result's 468 landmarks are from the target's, that is how well expression and pose survive."""

import numpy as np

from paddle_mfs.face.geometry import similarity, transform


def shape_error(result: np.ndarray, target: np.ndarray) -> float:
    """RMS landmark distance after the best similarity fit, in per mille of the target's face width.

    The face width is the extent of the target's landmarks along x; crops are aligned, so the face stands upright in
    them.

    Args:
        result, target: (468, 2 or 3) landmarks in pixels; only x and y count.
    """
    a, b = np.asarray(result, np.float64)[:, :2], np.asarray(target, np.float64)[:, :2]
    rms = np.sqrt(((transform(a, similarity(a, b)) - b) ** 2).sum(1).mean())
    return float(1000 * rms / np.ptp(b[:, 0]))
