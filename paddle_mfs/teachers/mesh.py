"""Mesh teacher: a face swap from landmarks alone. No weights, nobody's data, always available.

The source's face is warped onto the target's 468 landmarks (piecewise affine), takes on the target's colour statistics
(LAB) and its low-frequency light, leaves the target's inner mouth as it is, and fades out inside the face oval. It is
convincing near the frontal view and fails on strong pose gaps, hair over the face and beards: what reweighting
damps.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import NearestNDInterpolator
from scipy.spatial import Delaunay

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.regions import INNER_LIPS, oval_mask, region_mask
from paddle_mfs.teachers.teacher import Teacher

GRID = 4  # pixels between the points where the warp is computed; linear in between
INSET = 0.045  # of the crop: how far inside the oval the blend starts
FEATHER = 0.025  # of the crop: sigma of the fade
LIGHT = 0.1  # of the crop: sigma below which light is the target's
CONTRAST = 0.5  # how much of the target's LAB contrast is taken over
LIGHT_STRENGTH = 0.8
SMALLEST = 400 / 224**2  # of the crop: a smaller blend region is no face


@dataclass
class TargetGeometry:
    """What the teacher needs of one target, whatever the source; made once by `MeshTeacher.geometry`.

    corners (P, 3) and weights (P, 3): each grid point as a mean of three landmarks; inside (S, S) bool;
    blend (S, S) float32 in 0..1.
    """

    corners: np.ndarray
    weights: np.ndarray
    grid: tuple[int, int]
    inside: np.ndarray
    blend: np.ndarray

    def warp(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Another crop (S, S, 3) uint8 RGB bent so that its landmarks (468, >= 2) come to lie on the target's."""
        points = np.asarray(landmarks, np.float32)[:, :2]
        coarse = (points[self.corners] * self.weights[..., None]).sum(1).reshape(*self.grid, 2)
        where = np.arange(len(self.inside), dtype=np.float32) / GRID
        across, down = np.meshgrid(where, where)
        maps = cv2.remap(coarse, across, down, cv2.INTER_LINEAR)
        return cv2.remap(image, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _erode(mask, size):
    """Erode by a square; the crop's edge counts as outside: a blend is always shut there and pastes without a seam."""
    return cv2.erode(mask, np.ones((size, size), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)


def _low_pass(image, region, sigma):
    """Gaussian mean of `image` over `region` (float32 0/1) at a quarter of the size, back at full size."""
    small = (max(1, image.shape[1] // 4), max(1, image.shape[0] // 4))
    colours = cv2.GaussianBlur(
        cv2.resize(image * region[..., None], small, interpolation=cv2.INTER_AREA), (0, 0), sigma / 4
    )
    share = cv2.GaussianBlur(cv2.resize(region, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / 4)
    return cv2.resize(colours / (share[..., None] + 1e-3), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


class MeshTeacher(Teacher):
    """The mesh teacher; no options, no licence, nothing to load."""

    name = "mesh"

    def geometry(self, landmarks: np.ndarray, size: int) -> TargetGeometry:
        """Target landmarks (468, >=2) in pixels of a crop of `size` -> TargetGeometry."""
        points = np.asarray(landmarks, np.float64)[:, :2]
        axis = np.arange(0, size + GRID, GRID, dtype=np.float64)
        queries = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
        triangles = Delaunay(points)
        found = triangles.find_simplex(queries)
        affine = triangles.transform[found]
        first = np.einsum("pij,pj->pi", affine[:, :2], queries - affine[:, 2])
        weights = np.concatenate([first, 1 - first.sum(1, keepdims=True)], 1)
        corners = triangles.simplices[found]
        outside = (found < 0) | ~np.isfinite(weights).all(1)
        nearest = NearestNDInterpolator(points, np.arange(len(points)))(queries[outside])
        corners[outside], weights[outside] = nearest[:, None], (1.0, 0.0, 0.0)
        inset = max(3, int(INSET * size) | 1)
        inside = _erode(oval_mask(points, size, size), inset)
        fade = cv2.GaussianBlur(_erode(inside, inset).astype(np.float32) / 255, (0, 0), FEATHER * size)
        mouth = cv2.GaussianBlur(
            region_mask(points, INNER_LIPS, size, size).astype(np.float32) / 255, (0, 0), size / 224
        )
        return TargetGeometry(
            corners, weights.astype(np.float32), (len(axis), len(axis)), inside > 0, fade * (1 - mouth)
        )

    def swap(
        self,
        source: AlignedFace,
        target: AlignedFace,
        geometry: TargetGeometry | None = None,
        keys: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        size = target.image.shape[0]
        geometry = geometry or self.geometry(target.landmarks, size)
        inside = geometry.inside
        if inside.sum() < SMALLEST * size * size:
            return target.image.copy(), np.zeros((size, size), np.float32)
        warped = geometry.warp(source.image, source.landmarks)
        warped = self._match_colour(warped, target.image, inside)
        region, goal = inside.astype(np.float32), target.image.astype(np.float32)
        light = _low_pass(goal, region, LIGHT * size) - _low_pass(warped, region, LIGHT * size)
        warped = (warped + LIGHT_STRENGTH * light).clip(0, 255)
        blend = geometry.blend[..., None]
        return np.rint(warped * blend + goal * (1 - blend)).clip(0, 255).astype(np.uint8), geometry.blend

    @staticmethod
    def _match_colour(image, target, inside):
        """Give `image` the LAB mean of the target inside the region, and part of its contrast -> float32 RGB 0..255."""
        lab, goal = (cv2.cvtColor(x, cv2.COLOR_RGB2LAB).astype(np.float32) for x in (image, target))
        mine, wanted = lab[inside], goal[inside]
        gain = CONTRAST * wanted.std(0) / (mine.std(0) + 1e-3) + 1 - CONTRAST
        lab = (lab - mine.mean(0)) * gain + wanted.mean(0)
        return cv2.cvtColor(lab.clip(0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB).astype(np.float32)
