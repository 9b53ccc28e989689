"""Pose: by how many degrees a result's head is turned from its target's, read off two dense meshes.

The points of the mesh that expression hardly moves (forehead, temples, bridge of the nose, corners of the eyes) are
laid over each other by the best similarity in space (orthogonal Procrustes, S. Umeyama, TPAMI 1991, eqs. 40-43); the
rotation in it is the difference of the two poses. No model of a head and no camera is assumed: the mesh's depth is in
pixels like its x and y, as under weak perspective. A narrower or longer face changes the fit, not its rotation, as long
as the change is symmetric.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

# fmt: off
RIGID = [10, 338, 297, 332, 284, 251, 389, 356, 109, 67, 103, 54, 21, 162, 127,  # hairline and temples
         151, 9, 8, 168, 6, 197, 195, 5, 69, 108, 299, 337,  # forehead, bridge of the nose
         33, 133, 362, 263]  # corners of the eyes
# fmt: on


def rigid_fit(points: np.ndarray, onto: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The similarity in space that brings `points` best onto `onto`: q = scale * rotation @ p + shift.

    Args:
        points, onto: (K, 3), not all on one line.
    Returns: scale; rotation (3, 3), never a reflection; shift (3,).
    """
    a, b = np.asarray(points, np.float64), np.asarray(onto, np.float64)
    a_mean, b_mean = a.mean(0), b.mean(0)
    u, singular, vt = np.linalg.svd((b - b_mean).T @ (a - a_mean))
    sign = np.array([1, 1, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = (u * sign) @ vt
    scale = float((singular * sign).sum() / ((a - a_mean) ** 2).sum())
    return scale, rotation, b_mean - scale * rotation @ a_mean


def pose_difference(result: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How the result's head is turned from the target's -> (3,) yaw, pitch, roll in degrees.

    Signs as in `face.landmarks.pose`: yaw > 0 to the image's right, pitch > 0 downwards, roll > 0 clockwise.

    Args:
        result, target: (468, 3) landmarks in pixels of one frame, depth in pixels too.
    """
    _, rotation, _ = rigid_fit(np.asarray(target)[RIGID], np.asarray(result)[RIGID])
    yaw, pitch, roll = Rotation.from_matrix(rotation).as_euler("yxz", degrees=True)
    return np.array([-yaw, pitch, roll])


def pose_error(result: np.ndarray, target: np.ndarray) -> float:
    """L2 of `pose_difference`, degrees."""
    return float(np.linalg.norm(pose_difference(result, target)))
