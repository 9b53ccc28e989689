"""Masks and scarves over mouth and nose, along the landmarks. This is ours."""

from __future__ import annotations

import numpy as np

from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.layer import Painting, blurred, curve, filled, ribbon
from paddle_mfs.data.texture import noise_field, surface

# landmarks from the left cheek over the nose to the right one, and along the jaw back
UPPER = [227, 117, 119, 120, 197, 349, 348, 346, 447]
LOWER = [361, 397, 379, 377, 152, 148, 150, 172, 132]
UNDER_NOSE = [227, 50, 205, 203, 2, 423, 425, 280, 447]  # worn as it should not be
EARS = {0: 127, 8: 356}  # the corners of UPPER and where their loops go
MASKS = [
    (166, 206, 226),
    (190, 220, 232),
    (238, 240, 240),
    (24, 24, 26),
    (60, 64, 70),
    (222, 180, 190),
    (140, 190, 170),
]


def _smooth(corners):
    """A closed outline with its corners cut, twice."""
    for _ in range(2):
        after = np.roll(corners, -1, 0)
        corners = np.stack([0.75 * corners + 0.25 * after, 0.25 * corners + 0.75 * after], 1).reshape(-1, 2)
    return corners


def _rounding(shape, points, unit):
    """How light falls on a cover: bright on the ridge of the nose, darker towards the ears -> (H, W), about 1."""
    middle, half = points[[197, 2, 152]].mean(0), 1.5 * unit
    x = (np.arange(shape[1], dtype=np.float32) - np.float32(middle[0])) / np.float32(half)
    return np.broadcast_to(1.06 - 0.32 * x * x, shape)


def draw_mask(painting: Painting, plane: FacePlane, landmarks: np.ndarray, rng: np.random.Generator) -> None:
    """A medical or cloth mask with its pleats and loops. landmarks: (468, >= 2), pixels."""
    points, unit, shape = np.asarray(landmarks, np.float64)[:, :2], plane.unit, painting.shape
    upper = UPPER if rng.random() < 0.85 else UNDER_NOSE
    top, jaw = points[upper], points[LOWER]
    centre = points[[2, 152]].mean(0)
    jaw = centre + (jaw - centre) * rng.uniform(1.02, 1.1)  # it stands off the chin
    top = top + (0, rng.normal(0, 0.05) * unit)
    inset = rng.uniform(0.0, 0.35)  # how far before the ears the cloth ends
    ends = top[[0, -1]].copy()
    top[[0, -1]] += inset * (top[[1, -2]] - top[[0, -1]])
    jaw[[0, -1]] += inset * 0.6 * (jaw[[1, -2]] - jaw[[0, -1]])
    for n, (corner, ear) in enumerate(EARS.items()):
        end = points[ear] * 0.5 + ends[n] * 0.5 + (0, -0.05 * unit)
        for start in (top[corner], jaw[0 if corner else -1]):
            painting.over(
                filled(shape, [ribbon(curve(start, (start + end) / 2, end, 8), 0.06 * unit)]), (228, 228, 226)
            )
    alpha = filled(shape, [_smooth(np.concatenate([top, jaw]))])
    colour: np.ndarray = np.array(MASKS[rng.integers(len(MASKS))], np.float32) * np.float32(rng.uniform(0.85, 1.05))
    if rng.random() < 0.25:
        colour = surface(shape, rng)
    shade = _rounding(shape, points, unit) * (1 + 0.04 * noise_field(shape, rng, 9))
    for share in np.linspace(0.2, 0.85, int(rng.integers(0, 4)) + 1)[:-1] + rng.normal(0, 0.02):
        left, right = (top[end] + share * (jaw[-1 - end] - top[end]) for end in (0, -1))
        middle = top[4] + share * (jaw[4] - top[4])
        fold = filled(shape, [ribbon(curve(left, 2 * middle - (left + right) / 2, right), 0.07 * unit)])
        fold = blurred(fold, 0.02 * unit)
        shade = shade - 0.22 * fold
        shade[:-2] += 0.1 * fold[2:]
    border = filled(shape, [ribbon(curve(top[0], 2 * top[4] - (top[0] + top[-1]) / 2, top[-1]), 0.05 * unit)])
    shade = shade - 0.08 * blurred(border, 0.03 * unit)
    painting.over(alpha, (colour * shade[..., None]).clip(0, 255))


def draw_scarf(painting: Painting, plane: FacePlane, landmarks: np.ndarray, rng: np.random.Generator) -> None:
    """A scarf or a collar from the nose or the chin down to the crop's edge. landmarks: (468, >= 2), pixels."""
    points, unit, shape = np.asarray(landmarks, np.float64)[:, :2], plane.unit, painting.shape
    high = rng.uniform(0.0, 1.1)  # 0: over the nose, 1: below the mouth
    middle = points[5] * (1 - high) + points[17] * high
    sides = points[[127, 356]] * (1 - high * 0.6) + points[[132, 361]] * high * 0.6
    ears_at = plane.of(sides)
    ears_at[:, 0] = np.array([-1, 1]) * np.maximum(np.abs(ears_at[:, 0]), 1.1)  # it stands off a face turned away
    sides = plane.at(ears_at)
    sag = unit * rng.uniform(0.05, 0.45)
    edge = np.concatenate(
        [
            curve(sides[0], (sides[0] + middle) / 2 + (0, sag), middle, 8),
            curve(middle, (sides[1] + middle) / 2 + (0, sag), sides[1], 8),
        ]
    )
    edge[:, 1] += 0.04 * unit * np.interp(np.arange(16), np.arange(0, 20, 4), rng.normal(0, 1, 5))
    # blunt at the ears, along the jaw, then over the shoulders
    ears = [sides[n] + plane.unit * np.array(((n - 0.5) * 0.3 * plane.side, 0.25)) for n in (1, 0)]
    neck = plane.beside(np.array([(1.55, 1.9), (2.3, 2.7), (2.6, 3.5), (-2.6, 3.5), (-2.3, 2.7), (-1.55, 1.9)]))
    alpha = filled(shape, [_smooth(np.concatenate([edge, ears[:1], neck, ears[1:]]))])
    folds = noise_field(shape, rng, int(rng.integers(3, 7)))
    folds = np.sin(
        np.float32(1.5) * folds + np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(rng.uniform(4, 12))
    )
    shade = _rounding(shape, points, unit) * (0.92 + np.float32(rng.uniform(0.05, 0.2)) * folds)
    painting.over(alpha, (surface(shape, rng) * shade[..., None]).clip(0, 255))
