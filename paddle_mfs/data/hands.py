"""Hands before a face, of capsules lit like round bodies.

This is ours. Lengths are those of `FacePlane`: 1 is about 46 mm.
"""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.layer import Painting
from paddle_mfs.data.texture import noise_field

TONES = [
    (244, 208, 186),
    (232, 186, 158),
    (214, 164, 132),
    (186, 134, 100),
    (150, 102, 74),
    (110, 72, 52),
    (72, 46, 34),
]
NAIL = (238, 196, 186)
FINGERS = [(1.6, 0.185), (1.78, 0.19), (1.64, 0.18), (1.28, 0.155)]  # length and radius, from the index on
KNUCKLES = [(-0.66, 1.92), (-0.23, 2.02), (0.21, 1.95), (0.62, 1.78)]  # across and along the hand, from the wrist
THUMB = [(-0.55, 0.35), (-1.05, 1.0), (-1.3, 1.65), (-1.42, 2.2)]
PLACES = [(0.0, 1.45), (-0.9, 1.1), (0.9, 1.1), (-0.7, 0.0), (0.7, 0.0), (0.0, 2.0), (0.0, -0.8), (0.0, 0.6)]


def skin_tone(rng: np.random.Generator) -> np.ndarray:
    """A random colour of skin -> (3,) float32 RGB, 0..255."""
    place = rng.uniform(0, len(TONES) - 1.001)
    darker, share = int(place), place % 1
    tone = np.array(TONES[darker]) * (1 - share) + np.array(TONES[darker + 1]) * share
    return (tone * rng.uniform(0.85, 1.08) + rng.normal(0, 3) * np.array([1, 0, -1])).clip(0, 255).astype(np.float32)


class Limbs:
    """Paints limbs, lit from one side.

    Args:
        painting: all its rows are painted.
        colour: RGB 0..255, (3,).
        light: (3,) direction towards the light, z to the viewer.
    """

    def __init__(self, painting: Painting, colour: np.ndarray, light: np.ndarray):
        self.painting, self.colour = painting, np.asarray(colour, np.float32)
        self.light = (light / np.linalg.norm(light)).astype(np.float32)

    def paint(
        self,
        joints: np.ndarray,
        radii: np.ndarray,
        nail: bool = False,
        grown_on: bool = False,
    ) -> None:
        """A limb along joints (N, 2), pixels, as thick as radii (N,), pixels.

        nail: at the last joint; grown_on: without a seam where it begins.
        """
        radii = np.asarray(radii, np.float32)[:, None]
        left, top = np.maximum(np.floor((joints - radii).min(0)) - 1, 0).astype(int).tolist()
        right, bottom = np.minimum(np.ceil((joints + radii).max(0)) + 2, self.painting.size).astype(int).tolist()
        width, height = right - left, bottom - top
        if width < 1 or height < 1:
            return
        # light and distances change slowly: a few of the pixels will do, fewer on what is thick
        step = 4 if radii.min() > 10 else 2
        size = (width + step - 1) // step, (height + step - 1) // step
        x = np.linspace(left, right - 1, size[0], dtype=np.float32)
        y = np.linspace(top, bottom - 1, size[1], dtype=np.float32)[:, None]
        limb = cv2.resize(self._lit(x, y, joints, radii[..., None], nail, grown_on), (width, height))
        self.painting.over(limb[..., 3].clip(0, 1), limb[..., :3], (left, top))

    def _lit(self, x, y, joints, radii, nail, grown_on):
        """RGB of a limb, and its alpha, which goes on below 0 and above 1, at places x (W,), y (H, 1) -> (H, W, 4)."""
        start, step = joints[:-1, :, None, None].astype(np.float32), np.diff(joints, axis=0)[..., None, None]
        (ax, ay), (dx, dy) = start.swapaxes(0, 1), step.astype(np.float32).swapaxes(0, 1)  # (N - 1, 1, 1) each
        length = np.maximum(np.sqrt(dx * dx + dy * dy), np.float32(1e-3))
        x, y = x - ax, y - ay
        along = x * (dx / length**2) + y * (dy / length**2)  # 0 at a bone's first joint, 1 at its last
        t = along.clip(0, 1)
        radius = radii[:-1] + np.diff(radii, axis=0) * t
        scale = 1 / radius
        x, y = (x - t * dx) * scale, (y - t * dy) * scale  # from the bone, in radii
        away = x * x + y * y
        bone = away.argmin(0)[None]
        x, y, away, radius = (np.take_along_axis(v, bone, 0)[0] for v in (x, y, away, radius))
        up = np.sqrt((1 - away).clip(0.02, 1))
        shade = 0.5 + 0.55 * (x * self.light[0] + y * self.light[1] + up * self.light[2]).clip(-0.3, 1)
        if len(joints) > 2:
            crease = np.exp(-(((along[:-1] - 1) * (length / radii[1:])[:-1] / np.float32(0.22)) ** 2)).sum(0)
            shade -= 0.1 * crease.clip(0, 1)
        result = np.empty((*shade.shape, 4), np.float32)
        colour = np.multiply(self.colour, shade[..., None], out=result[..., :3])
        colour[..., 0] += 14 * (1 - up)  # skin is redder where light comes through it
        if nail:
            side = (x * dy[-1] - y * dx[-1]) / (length[-1] * np.float32(0.6))
            oval = ((along[-1] - 1) * (length[-1] / (np.float32(0.72) * radii[-1])) - 0.1) ** 2 + side * side
            plate = ((1.15 - oval) * 3).clip(0, 1) * np.float32(0.75)
            bright = (0.55 * self.colour + 0.45 * np.array(NAIL, np.float32)) * (shade * np.float32(1.06))[..., None]
            colour += plate[..., None] * (bright - colour)
        alpha = radius * (1 - np.sqrt(away)) + np.float32(0.5)
        result[..., 3] = np.where(bone[0] == 0, np.minimum(alpha, along[0] * 1.3), alpha) if grown_on else alpha
        return result


def draw_hand(painting: Painting, plane: FacePlane, rng: np.random.Generator, skin: np.ndarray | None = None) -> None:
    """A hand that reaches from the crop's edge to somewhere on the face; its back or its inside is seen.

    skin: RGB 0..255, (3,); default: any.
    """
    size, unit = painting.size, plane.unit
    skin = skin_tone(rng) if skin is None else np.asarray(skin) * rng.uniform(0.85, 1.1)
    limbs = Limbs(painting, skin, np.array([plane.side * rng.uniform(-0.7, 0.7), -rng.uniform(0.1, 0.8), 1]))
    target = np.array(PLACES[rng.integers(len(PLACES))]) + rng.normal(0, 0.25, 2)
    angle = rng.uniform(-1.2, 1.2) + (0 if rng.random() < 0.8 else np.pi)  # 0: from below
    u = np.array([np.sin(angle), -np.cos(angle)])
    v = np.array([-u[1], u[0]]) * rng.choice([-1, 1])
    grown, reach = rng.uniform(0.85, 1.1), rng.uniform(1.5, 3.4)  # how much of the hand lies before its target
    wrist = target - u * reach * grown
    nails, fan = bool(rng.random() < 0.7), rng.uniform(-0.02, 0.16)

    def place(across, along):
        return wrist + (v * across + u * along) * grown

    def paint(places, radii, nail=False, grown_on=True):
        limbs.paint(plane.beside(np.array(places)), np.array(radii) * grown * unit, nail, grown_on)

    paint([place(0.1, -3.5), place(0, -0.2), place(0, 0.5)], [0.75, 0.6, 0.7], False, False)
    thumb = [place(x * rng.uniform(0.8, 1), y) for x, y in THUMB]
    behind = rng.random() < 0.5
    if behind:
        paint(thumb, [0.42, 0.3, 0.23, 0.17], nails)
    for x, y in [(-0.5, 1.7), (0.5, 1.6), (0.0, 1.85)]:  # the back of the hand
        paint([place(x * 0.75, 0.3), place(x, y)], [0.55, 0.36])
    bend = rng.uniform(-0.12, 0.12)
    curled = rng.uniform(0.45, 1) if rng.random() < 0.4 else 1.0
    hidden = set(rng.choice(4, int(rng.integers(1, 3)), replace=False).tolist()) if rng.random() < 0.25 else set()
    for n in rng.permutation(4).tolist():
        (length, radius), (x, y) = FINGERS[n], KNUCKLES[n]
        length *= (0.4 if n in hidden else curled) * rng.uniform(0.93, 1.05)
        turn = (n - 1.5) * fan + rng.normal(0, 0.03)
        joints, at = [np.array([x * 0.95, y - 0.7]), np.array([x, y])], np.array([x, y])
        for share in (0.45, 0.3, 0.25):
            at = at + length * share * np.array([np.sin(turn), np.cos(turn)])
            joints.append(at)
            turn += bend
        paint([place(*one) for one in joints], radius * np.array([1.3, 1.2, 1.06, 0.97, 0.8]), nails)
    if not behind:
        paint(thumb, [0.42, 0.3, 0.23, 0.17], nails)
    painting.grain(1 + 0.05 * noise_field((size, size), rng, 12) + 0.025 * noise_field((size, size), rng, size // 2))
