"""Spectacles, drawn on a face by its landmarks: a network that sees them on target and wanted picture alike learns to
leave them where they are.

This is ours. Lengths are those of `FacePlane`: 1 from the bridge of the nose to the outer corner of an eye, about 46 mm
of a grown-up.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.layer import Layer, Painting, blurred, curve, filled, ribbon
from paddle_mfs.data.texture import noise_field
from paddle_mfs.face.regions import oval_mask

POINTS = 72  # corners of a lens
TEMPLES = {-1: 127, 1: 356}  # landmarks at the face's edge, where the temples pass
ACETATE = [
    (14, 13, 15),
    (18, 17, 18),
    (26, 24, 26),
    (24, 20, 20),
    (36, 26, 22),
    (58, 34, 22),
    (20, 26, 48),
    (90, 18, 24),
    (40, 60, 44),
    (120, 112, 104),
]
ACETATE += [(205, 195, 185), (170, 120, 90), (110, 60, 100)]
METAL = [(196, 158, 96), (186, 188, 192), (84, 86, 92), (64, 62, 62), (22, 22, 24), (26, 24, 24), (200, 140, 120)]
TINTS = [(12, 12, 14), (40, 26, 16), (20, 32, 24), (16, 22, 44), (70, 30, 50), (110, 84, 30)]
SHADOW = (38, 18, 12)


class _Outline(NamedTuple):
    """A lens: half width and height, exponent of its superellipse, and what makes it another figure: wider above than
    below, leaning outwards below, its outer corner lifted, its lower half longer."""

    width: float
    height: float
    power: float
    taper: float = 0.0
    lean: float = 0.0
    lift: float = 0.0
    drop: float = 0.0

    def points(self):
        """(POINTS, 2) about the middle of a right lens, x outwards; anticlockwise from the outermost point."""
        t = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
        x, y = (np.sign(v) * np.abs(v) ** (2 / self.power) for v in (np.cos(t), -np.sin(t)))
        y = y * np.where(y > 0, 1 + self.drop, 1)
        outer_upper = (x + 0.2).clip(0) ** 2 * (0.45 - y).clip(0)
        y = y - self.lift * outer_upper
        x = x * (1 - self.taper * y) + self.lean * y + self.lift * 0.35 * outer_upper
        return np.stack([x * self.width, y * self.height], 1)


def _outline(rng):
    width = rng.uniform(0.45, 0.58)
    kind = rng.choice(["round", "oval", "rectangular", "square", "tapered", "aviator", "cat-eye"])
    if kind == "round":
        return _Outline(width * 0.93, width * rng.uniform(0.88, 0.96), 2.0)
    if kind == "oval":
        return _Outline(width, width * rng.uniform(0.62, 0.78), 2.2)
    if kind == "rectangular":
        return _Outline(width, width * rng.uniform(0.52, 0.68), rng.uniform(3, 5.5))
    if kind == "square":
        return _Outline(width, width * rng.uniform(0.75, 0.92), rng.uniform(2.8, 4), taper=0.04)
    if kind == "tapered":
        return _Outline(width, width * rng.uniform(0.7, 0.85), rng.uniform(2.6, 3.6), rng.uniform(0.06, 0.13), 0.02)
    if kind == "aviator":
        return _Outline(width, width * rng.uniform(0.74, 0.82), 2.5, rng.uniform(0.08, 0.15), 0.1, 0.0, 0.3)
    return _Outline(width, width * rng.uniform(0.62, 0.78), 2.4, 0.06, 0.0, rng.uniform(0.2, 0.45))


class _Rim(NamedTuple):
    """kind: full, half (nothing below) or none; thickness above and below; metal; colour RGB; opaque 0..1; mottled."""

    kind: str
    above: float
    below: float
    metal: bool
    colour: np.ndarray
    opaque: float
    mottled: bool


def _rim(outline, rng):
    kind = str(rng.choice(["full", "full", "full", "half", "none"]))
    if kind == "half" and outline.power < 2.3:  # nobody makes them round
        kind = "full"
    metal = bool(kind == "none" or rng.random() < 0.4)
    above = rng.uniform(0.03, 0.055) if metal else rng.uniform(0.06, 0.15)
    below = above * (1 if metal else rng.uniform(0.5, 0.95))
    palette = METAL if metal else ACETATE
    colour = np.array(palette[rng.integers(len(palette))], np.float32) * np.float32(rng.uniform(0.75, 1.15))
    clear = not metal and rng.random() < 0.12
    mottled = bool(not metal and not clear and rng.random() < 0.25)
    if mottled:
        colour = np.array((96, 54, 26), np.float32)
    return _Rim(kind, above, below, metal, colour, rng.uniform(0.35, 0.6) if clear else 1.0, mottled)


def _widened(points, above, below):
    """A lens outline (N, 2) moved outwards, by `above` at its top, `below` at its bottom."""
    along = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    outwards = np.stack([-along[:, 1], along[:, 0]], 1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1), 1e-9)[:, None]
    share = (points[:, 1:] / np.abs(points[:, 1]).max() * 0.5 + 0.5).clip(0, 1)
    return points + outwards * (above + share * (below - above))


def _bows(rim, outline, gap, middle, rng):
    """What joins the lenses over the nose, as lines of the plane with their thickness -> [((N, 2), thickness)]."""
    inner = gap / 2
    height = middle - outline.height * rng.uniform(0.15, 0.55)
    thick = rim.above * (1.0 if rim.metal else rng.uniform(0.8, 1.3))
    reach = inner + 0.05
    arch = curve(np.array([-reach, height]), np.array([0, height - rng.uniform(0.03, 0.2)]), np.array([reach, height]))
    bows = [(arch, thick)]
    if rim.metal and outline.drop:  # the second bar of an aviator
        bar, wide = middle - outline.height * 0.97, inner + outline.width * 0.45
        bows.append((curve(np.array([-wide, bar]), np.array([0, bar - 0.03]), np.array([wide, bar])), thick))
    if rim.metal:  # arms of the nose pads
        for side in (-1, 1):
            start, end = np.array([side * (inner + 0.01), height + 0.12]), np.array([side * inner * 0.72, height + 0.3])
            bows.append((curve(start, np.array([end[0], start[1]]), end, 8), 0.024))
            bows.append((curve(end, end + (0, 0.05), end + (side * 0.02, 0.1), 6), 0.05))
    return bows


def _temples(plane, points, hinge, thick):
    """Bands (N, 2) in pixels from the hinges to the ears, as far as the head does not hide them."""
    bands = []
    for side, index in TEMPLES.items():
        edge = plane.of(points[index])
        away = side * edge[0] - abs(hinge[0])
        if away < 0.02:  # the far side of a turned head
            continue
        start, end = np.array([side * hinge[0], hinge[1]]), np.array([edge[0], hinge[1] * 0.7 + edge[1] * 0.3])
        end = end + (end - start) * 0.25
        line = plane.at(start + np.linspace(0, 1, 12)[:, None] * (end - start))
        bands.append(ribbon(line, plane.unit * np.linspace(thick, thick * 0.8, 12)))
    return bands


def _along(shape, start, step):
    """A ramp (H, W): 0 at `start` (x y), growing by step (x y) a pixel, to 1."""
    y = (np.arange(shape[0], dtype=np.float32) - np.float32(start[1])) * np.float32(step[1])
    x = (np.arange(shape[1], dtype=np.float32) - np.float32(start[0])) * np.float32(step[0])
    return (y[:, None] + x).clip(0, 1)


def _shining(painting, plane, lenses, seen, middle, rng):
    """Reflections on the lenses `seen` (S, S): windows, bands of light, the sky."""
    kind = rng.choice(["none", "none", "bands", "window", "sky"])
    if kind == "none":
        return
    tone = np.array([(255, 255, 255), (215, 232, 255), (190, 240, 215), (225, 205, 255)][rng.integers(4)], np.float32)
    if kind == "sky":
        top = plane.at(np.array([0, middle - 0.5]))
        down = (plane.at(np.array([0, middle + 0.4])) - top) / plane.unit
        depth = _along(seen.shape, top, down / (down @ down * plane.unit))
        painting.over(seen * (1 - depth).clip(0, 1) * np.float32(rng.uniform(0.1, 0.45)), tone)
        return
    shapes, slant = [], rng.uniform(-0.25, 0.25)
    if kind == "bands":
        bands = [(rng.uniform(-0.5, 0.3), rng.uniform(0.05, 0.3)) for _ in range(rng.integers(1, 4))]
        slant = rng.choice([-1, 1]) * rng.uniform(0.2, 0.7)
        figures = [
            np.array([(x - slant, 1), (x + w - slant, 1), (x + w + slant, -1), (x + slant, -1)]) for x, w in bands
        ]
    else:
        x, y, w, h = rng.uniform(-0.3, 0.15), rng.uniform(-0.35, -0.05), rng.uniform(0.1, 0.3), rng.uniform(0.08, 0.25)
        corner = np.array([(x, y), (x + w, y + slant * w), (x + w, y + h + slant * w), (x, y + h)])
        figures = [corner]
    for centre in lenses:
        shapes += [plane.at(figure + centre) for figure in figures]
    light = blurred(filled(seen.shape, shapes), plane.unit * rng.uniform(0.01, 0.06))
    painting.over(seen * light * np.float32(rng.uniform(0.08, 0.5)), tone)


def _tint(painting, plane, seen, middle, rng):
    """Coloured glass in the lenses `seen` (S, S) -> how dark it is, 0..1."""
    draw = rng.random()
    dark = 0.03 if draw < 0.6 else rng.uniform(0.1, 0.4) if draw < 0.75 else rng.uniform(0.7, 1.0)
    alpha = seen * np.float32(dark)
    if draw >= 0.6 and rng.random() < 0.4:  # paler below
        depth = _along(seen.shape, plane.at(np.array([0, middle - 0.4])), np.array([0, 1 / plane.unit]))
        alpha = alpha * (1 - np.float32(rng.uniform(0.3, 0.8)) * depth)
    painting.over(alpha, TINTS[rng.integers(len(TINTS))])
    return dark


def _frame_colours(rim, frame, unit, rng):
    """The frame's colour (H, W, 3), with its texture, lit from above."""
    colour = np.broadcast_to(rim.colour, (*frame.shape, 3))
    if rim.mottled:
        cells = int(rng.integers(20, 45))
        spots = noise_field(frame.shape, rng, cells) * 0.55 + noise_field(frame.shape, rng, cells // 3) * 0.3
        colour = colour * (1 + spots).clip(0.2, 2)[..., None]
    soft = blurred(frame, unit * max(rim.above * 0.3, 0.014))
    step = max(1, round(unit * 0.02))
    light = soft.copy()
    light[step:] -= soft[:-step]
    colour = colour + light[..., None] * np.float32(rng.uniform(60, 190) if rim.metal else rng.uniform(30, 220))
    return colour.clip(0, 255)


def _rows(plane, points, outline, rim, middle, size):
    """The strip of the crop that holds the spectacles and their shadow -> (first row, the one after the last)."""
    above = middle - outline.height * (1.1 + outline.lift) - rim.above - 0.15
    below = middle + outline.height * (1.1 + outline.drop) + rim.below + 0.3
    corners = plane.at(np.array([(x, y) for x in (-2, 2) for y in (above, below)]))[:, 1]
    ears = points[list(TEMPLES.values()), 1]
    top = min(corners.min(), ears.min() - 0.2 * plane.unit)
    bottom = max(corners.max(), ears.max() + 0.3 * plane.unit)
    # what lies outside the crop leaves one row of it
    return int(np.clip(top, 0, size - 1)), int(np.clip(np.ceil(bottom), 1, size))


def draw_spectacles(landmarks: np.ndarray, size: int, rng: np.random.Generator) -> Layer:
    """Random spectacles on a face -> Layer of `size` pixels a side.

    Round, oval, rectangular, aviator, cat-eye and the like; rims of acetate or metal, whole, half or none; clear,
    tinted or dark lenses with reflections; a faint shadow on the skin. On a mirrored face, the same, mirrored.

    landmarks: (468, >= 2), pixels of the crop.
    """
    points = np.array(landmarks, np.float64)[:, :2]
    outline = _outline(rng)
    rim = _rim(outline, rng)
    gap, middle = rng.uniform(0.36, 0.5), rng.uniform(0.02, 0.14)
    rows = _rows(FacePlane(points), points, outline, rim, middle, size)
    painting = Painting(size, (rows[0], max(rows[1], rows[0] + 1)))
    points[:, 1] -= rows[0]
    plane, shape = FacePlane(points), painting.shape
    unit = plane.unit

    inner = outline.points()
    centre = gap / 2 + outline.width
    lenses = [np.array([side * centre, middle]) for side in (-1, 1)]

    def both(figure):
        """A figure about the middle of a right lens, on both lenses, in pixels."""
        return [plane.at(lens + figure * (side, 1)) for side, lens in zip((-1, 1), lenses)]

    outer = _widened(inner, rim.above, rim.below)
    hinge = np.array([centre + outer[:, 0].max() - rim.above / 2, middle - outline.height * rng.uniform(0.4, 0.6)])
    hinge[1] -= outline.lift * 0.3 * outline.height
    glass = filled(shape, both(inner))
    # where a rim holds the glass, it hides the glass's edge
    seen = filled(shape, both(_widened(inner, 0.02, 0.02))) if rim.kind == "full" else glass
    bands = [ribbon(plane.at(line), thick * unit) for line, thick in _bows(rim, outline, gap, middle, rng)]
    bands += _temples(plane, points, hinge, rng.uniform(0.05, 0.07) if rim.metal else rng.uniform(0.08, 0.16))
    if rim.kind == "full":
        frame = np.maximum(filled(shape, both(outer), both(inner)), filled(shape, bands) * (1 - glass))
    else:
        if rim.kind == "half":
            upper = inner[2 : POINTS // 2 - 1]  # from the outermost point over the top
            width = unit * rim.above * np.sin(np.linspace(0.25, np.pi - 0.25, len(upper))) ** 0.4
            bands += [ribbon(line, width) for line in both(upper)]
        frame = filled(shape, bands)

    cast = np.array([[1, 0, unit * plane.side * rng.uniform(-0.03, 0.03)], [0, 1, unit * rng.uniform(0.03, 0.11)]])
    shadow = cv2.warpAffine(blurred(frame, unit * rng.uniform(0.02, 0.05)), cast, shape[::-1])
    painting.over(shadow * oval_mask(points, *shape) * np.float32(rng.uniform(0.1, 0.45) / 255), SHADOW)
    dark = _tint(painting, plane, seen, middle, rng)
    _shining(painting, plane, lenses, seen, middle, rng)
    if rim.kind != "full":  # the polished edge of the glass
        edge = filled(shape, both(_widened(inner, 0.02, 0.02)), both(inner * 0.97))
        painting.over(edge * np.float32(0.3 + 0.5 * dark), np.array((205, 212, 214)) * (1 - 0.8 * dark))
    painting.over(frame * np.float32(rim.opaque), _frame_colours(rim, frame, unit, rng))
    return painting.layer()
