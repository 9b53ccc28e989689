"""Hair that falls into a face: locks and single hairs. This is ours; lengths are those of `FacePlane`."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.layer import Painting, curve
from paddle_mfs.data.texture import noise_field

COLOURS = [(28, 22, 20), (46, 32, 24), (80, 54, 36), (120, 84, 54), (176, 136, 88), (214, 184, 136), (118, 62, 38)]
COLOURS += [(150, 148, 146), (206, 204, 200)]
ACROSS, ALONG = 48, 48  # texels of a lock
FINE, SHIFT = 2, 4  # drawn at twice the size; bits behind the binary point


def _texture(rng, base, dense):
    """A lock combed straight, root above -> (ALONG, ACROSS, 4) uint8: RGB times alpha, alpha."""
    x = np.linspace(-1, 1, ACROSS, dtype=np.float32)
    t = np.linspace(0, 1, ALONG, dtype=np.float32)[:, None]
    strands = rng.normal(0, 0.16, ACROSS) + np.repeat(rng.normal(0, 0.16, ACROSS // 6), 6)
    there = rng.uniform(0, 1, ACROSS) * 0.5 + np.repeat(rng.uniform(0, 1, ACROSS // 4), 4) * 0.5
    # dense in the middle, single hairs at the sides and towards the tips
    alpha = ((dense + 0.3 - np.abs(x) ** 3 - 0.35 * t - there) * 4).clip(0, 1)
    ends = 1 - 0.45 * rng.uniform(0, 1, ACROSS) ** 2 - 0.35 * x * x
    alpha *= ((ends - t) * 12).clip(0, 1)
    gloss = rng.uniform(0, 60) * np.exp(-(((t - rng.uniform(0.1, 0.7)) / 0.15) ** 2))
    round_one = 1.05 - 0.35 * x * x
    colour = base * (np.exp(strands) * round_one)[..., None] + (np.exp(strands) * gloss)[..., None]
    return np.dstack([colour.clip(0, 255) * alpha[..., None], alpha * 255]).astype(np.uint8)


def _paint_lock(painting, line, widths, side, texture, rng):
    """The lock along line (N, 2) pixels, running down, as wide as widths (N,) pixels; side: -1 to paint it mirrored."""
    size = painting.size
    y1, y2 = max(0, int(line[0, 1])), min(size, int(np.ceil(line[-1, 1])) + 1)
    x1 = max(0, int((line[:, 0] - widths).min()))
    x2 = min(size, int(np.ceil((line[:, 0] + widths).max())) + 1)
    if y2 <= y1 or x2 <= x1:
        return
    rows = np.arange(y1, y2)  # hair runs down: what could alias is across
    t = np.linspace(0, 1, len(line))
    middle, half, place = (np.interp(rows, line[:, 1], v).astype(np.float32)[:, None] for v in (line[:, 0], widths, t))
    across = (np.arange(x1, x2, 1 / FINE, dtype=np.float32) - np.float32(0.25) - middle) / (half * np.float32(side))
    waves = rng.uniform(0, 0.2) * np.sin(place * rng.uniform(2, 9) + across * 2 + rng.uniform(0, 6))
    map_x = ((across + waves * place) * 0.5 + 0.5) * np.float32(ACROSS - 1)
    map_y = np.broadcast_to(place * np.float32(ALONG - 1), map_x.shape)
    drawn = cv2.remap(texture, map_x.astype(np.float32), np.ascontiguousarray(map_y), cv2.INTER_LINEAR)
    drawn = cv2.resize(drawn, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    alpha = drawn[..., 3] * np.float32(1 / 255)
    painting.over(alpha, drawn[..., :3] / np.maximum(alpha, np.float32(1 / 255))[..., None], (x1, y1))


def _locks(rng):
    """Locks of a random kind -> [(root, bend, tip, half width at the root and at the tip)]."""
    side = rng.choice([-1, 1])
    if rng.random() < 0.45:  # a fringe
        left, right = np.sort(rng.uniform(-1.5, 1.5, 2))
        if right - left < 0.8:
            left, right = -1.3, 1.3
        sweep, low = rng.normal(0, 0.5), rng.uniform(-0.8, 0.3)
        for x in np.linspace(left, right, int(3 + 2 * (right - left))):
            root = np.array([x + rng.normal(0, 0.06), -2.5])
            tip = np.array([x + sweep + rng.normal(0, 0.15), low + rng.normal(0, 0.2)])
            bend = np.array([(root[0] + tip[0]) / 2 + rng.normal(0, 0.1) - sweep * 0.25, (root[1] + tip[1]) / 2])
            yield root, bend, tip, rng.uniform(0.25, 0.45), rng.uniform(0.14, 0.3)
        return
    for _ in range(rng.integers(1, 5)):
        root = np.array([side * rng.uniform(0.1, 1.3), -2.4])
        tip = np.array([side * rng.uniform(0.5, 1.8), rng.uniform(0.2, 3.2)])
        bend = np.array([side * rng.uniform(0.6, 1.9), rng.uniform(-1.2, 0.1)])
        yield root, bend, tip, rng.uniform(0.2, 0.45), rng.uniform(0.18, 0.5)


def _single_hairs(plane, size, count, rng):
    """Some hairs across the face -> alpha (S, S)."""
    fine = np.zeros((size * FINE, size * FINE), np.uint8)
    for _ in range(count):
        root = np.array([rng.uniform(-1.6, 1.6), -2.2])
        tip = np.array([root[0] * rng.uniform(0.6, 1.1) + rng.normal(0, 0.35), rng.uniform(-0.6, 2.4)])
        line = plane.beside(curve(root, (root + tip) / 2 + rng.normal(0, (0.6, 0.2)), tip, 20))
        points = np.rint(((line + 0.5) * FINE - 0.5) * 2**SHIFT).astype(np.int32)
        thick = max(1, round(0.011 * plane.unit * FINE * rng.uniform(0.6, 1.6)))
        cv2.polylines(fine, [points], False, int(rng.integers(130, 256)), thick, cv2.LINE_AA, SHIFT)
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA) * np.float32(1 / 255)


def draw_hair(painting: Painting, plane: FacePlane, rng: np.random.Generator) -> None:
    """A fringe or locks at one side, and loose hairs, before the face."""
    size = painting.size
    base = np.array(COLOURS[rng.integers(len(COLOURS))], np.float32) * np.float32(rng.uniform(0.7, 1.2))
    loose = rng.random()
    if loose < 0.85:
        textures = [_texture(rng, base, dense) for dense in rng.uniform(0.5, 1.2, 3)]
        for root, bend, tip, wide, narrow in _locks(rng):
            line = plane.beside(curve(root, bend, tip, 16))
            line[:, 1] = np.maximum.accumulate(line[:, 1] + 1e-3 * np.arange(16))
            widths = plane.unit * np.linspace(wide, narrow, 16)
            _paint_lock(painting, line, widths, plane.side, textures[rng.integers(3)], rng)
    if loose > 0.4:
        painting.over(_single_hairs(plane, size, int(rng.integers(2, 14)), rng), base)
    painting.grain(1 + np.float32(0.15) * noise_field((size, size), rng, 9))
