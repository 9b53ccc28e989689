"""Pose, expression and eyes on meshes turned, stretched and painted by known amounts, and on real ones."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.landmarks import pose
from paddle_mfs.face.regions import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from paddle_mfs.metrics import gaze
from paddle_mfs.metrics.expression import expression_error
from paddle_mfs.metrics.pose import pose_difference, pose_error


@pytest.fixture(scope="module")
def seen(samples):
    image = read_image(samples / "target.jpg")
    return image, FaceAnalyser().largest(image, "target").landmarks.astype(np.float64)


def turned(mesh, yaw=0.0, pitch=0.0, roll=0.0, scale=1.0):
    centred = mesh - mesh.mean(0)
    return scale * centred @ Rotation.from_euler("yxz", [-yaw, pitch, roll], degrees=True).as_matrix().T + [5, -9, 3]


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, -15, 0), (0, 0, 30), (-25, 10, 5), (40, -20, 15)])
def test_a_mesh_turned_by_known_angles(seen, angles):
    _, mesh = seen
    assert np.abs(pose_difference(turned(mesh, *angles, scale=1.3), mesh) - angles).max() < 0.5
    noisy = turned(mesh, *angles) + np.random.RandomState(0).normal(0, 0.5, mesh.shape)
    assert np.abs(pose_difference(noisy, mesh) - angles).max() < 0.5


@pytest.mark.parametrize("axis", range(3))
def test_signs_are_those_of_the_pose(seen, axis):
    _, mesh = seen
    angles = np.eye(3)[axis] * 12
    before, after = pose(mesh), pose(turned(mesh, *angles))
    assert (after[axis] - before[axis]) == pytest.approx(12, abs=2)


def test_pose_is_of_the_head_and_not_of_the_mouth(seen):
    _, mesh = seen
    talking = mesh.copy()
    talking[INNER_LIPS, 1] += 12
    assert pose_error(mesh, mesh) < 1e-6 and pose_error(talking, mesh) < 1e-6
    ladder = [pose_error(turned(mesh, yaw), mesh) for yaw in (0, 2, 5, 10, 30)]
    assert ladder == sorted(ladder) and ladder[-1] == pytest.approx(30, abs=0.5)


def test_expression_ignores_pose_and_size_and_grows_with_the_mouth(seen):
    _, mesh = seen
    assert expression_error(turned(mesh, 25, -10, 8, scale=0.7), mesh) < 1e-6
    ladder = []
    for opened in (0, 2, 5, 10):
        talking = mesh.copy()
        talking[INNER_LIPS, 1] += opened
        ladder.append(expression_error(turned(talking, 10), mesh))
    assert ladder == sorted(ladder) and ladder[1] > 1


def painted(across, down, mesh):
    """An eye each: white openings, dark discs moved from their middle by shares of the eye's width."""
    image = np.full((224, 224, 3), 180, np.uint8)
    for (a, b), _, contour in gaze.EYES:
        cv2.fillPoly(image, [np.rint(mesh[contour, :2]).astype(np.int32)], (240, 240, 240))
        width = np.linalg.norm(mesh[b, :2] - mesh[a, :2])
        place = (mesh[a, :2] + mesh[b, :2]) / 2 + width * np.array([across, down])
        cv2.circle(image, [int(v) for v in np.rint(place * 16)], round(16 * 0.12 * width), (30, 30, 30), -1, shift=4)
    return image


@pytest.fixture(scope="module")
def eyes():
    """Landmarks of two wide eyes of 60 px, 30 high, level."""
    mesh = np.zeros((468, 2))
    for (a, b), lids, contour in gaze.EYES:
        centre = np.array([70.0 if contour is LEFT_EYE else 155.0, 100.0])
        angles = np.linspace(0, 2 * np.pi, len(contour), endpoint=False) + np.pi
        for index, angle in zip(contour, angles):
            mesh[index] = centre + [30 * np.cos(angle), 15 * np.sin(angle)]
        mesh[a], mesh[b] = centre - [30, 0], centre + [30, 0]
        for offset, (up, low) in zip((-10, 0, 10), lids):
            mesh[up], mesh[low] = centre + [offset, -15], centre + [offset, 15]
    return mesh


def test_gaze_follows_painted_irises(eyes):
    for across, down in ((0, 0), (0.2, 0), (-0.15, 0.02)):
        found = gaze.gaze(painted(across, down, eyes), eyes)
        assert np.abs(found - [across, down]).max() < 0.03
    straight = gaze.gaze(painted(0, 0, eyes), eyes)
    ladder = [gaze.gaze_error(gaze.gaze(painted(x, 0, eyes), eyes), straight) for x in (0, 0.05, 0.1, 0.2)]
    assert ladder == sorted(ladder) and ladder[0] == 0 and ladder[-1] == pytest.approx(20, abs=3)


def test_gaze_of_a_mirrored_face_is_mirrored_and_of_a_closed_eye_unknown(seen):
    image, mesh = seen
    here = gaze.gaze(image, mesh)
    assert np.isfinite(here).all() and np.abs(here).max() < 0.35
    mirrored = mesh * [-1, 1, 1] + [image.shape[1] - 1, 0, 0]
    for (a, b), lids, contour in gaze.EYES:  # the mirrored left eye lies where the right one's points are wanted
        assert a in contour and b in contour and len(lids) == 3
    swapped = mirrored.copy()
    pairs = list(zip(LEFT_EYE, RIGHT_EYE)) + [(33, 263), (133, 362), (160, 387), (144, 373), (159, 386), (145, 374)]
    pairs += [(158, 385), (153, 380)]
    for left, right in pairs:
        swapped[left], swapped[right] = mirrored[right], mirrored[left]
    there = gaze.gaze(np.ascontiguousarray(image[:, ::-1]), swapped)
    assert np.abs(there[::-1] - here * [-1, 1]).max() < 0.03
    shut = mesh.copy()
    for _, lids, _ in gaze.EYES:
        for up, low in lids:
            shut[up] = shut[low]
    assert np.isnan(gaze.gaze(image, shut)).all() and np.isnan(gaze.gaze_error(gaze.gaze(image, shut), here))
    assert gaze.openness(shut).max() == 0 < gaze.openness_error(shut, mesh)
