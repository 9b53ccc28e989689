"""Expression: how far brows, eyelids and lips of a result are from the target's once the head's pose is taken away."""

from __future__ import annotations

import numpy as np

from paddle_mfs.face.regions import INNER_LIPS, LEFT_BROW, LEFT_EYE, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE
from paddle_mfs.metrics.pose import RIGID, rigid_fit

MOVING = LEFT_BROW + RIGHT_BROW + LEFT_EYE + RIGHT_EYE + OUTER_LIPS + INNER_LIPS


def expression_error(result: np.ndarray, target: np.ndarray) -> float:
    """RMS distance in space of brows, eyelids and lips, after the points that expression hardly moves were laid over
    each other (pose.py), in per mille of the target's face width.

    What is left holds the shape of another person's features, too: a swap that gives the source's lips has an error
    with the target's expression. Compare methods by it, do not read 0 as its goal.

    Args:
        result, target: (468, 3) landmarks in pixels of one frame, depth in pixels too.
    """
    a, b = np.asarray(result, np.float64), np.asarray(target, np.float64)
    scale, rotation, shift = rigid_fit(a[RIGID], b[RIGID])
    offsets = scale * a[MOVING] @ rotation.T + shift - b[MOVING]
    return float(1000 * np.sqrt((offsets**2).sum(1).mean()) / np.ptp(b[:, 0]))
