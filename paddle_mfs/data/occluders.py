"""Things before a face - hands, hair, a microphone, a cup, a mask, anything - that a swap must leave where they are.

This is ours. Lengths are those of `FacePlane`: 1 is about 46 mm.
"""

from __future__ import annotations

import cv2
import numpy as np

from paddle_mfs.data.coverings import draw_mask, draw_scarf
from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.hair import draw_hair
from paddle_mfs.data.hands import Limbs, draw_hand, skin_tone
from paddle_mfs.data.layer import Layer, Painting, blurred, covered, curve, filled, ribbon
from paddle_mfs.data.texture import noise_field, random_colour, surface

KINDS = ("hand", "hair", "microphone", "cup", "mask", "scarf", "blob", "polygon")
SHARES = (0.27, 0.17, 0.1, 0.09, 0.12, 0.06, 0.11, 0.08)
SHADOW = (34, 18, 12)


def _draw_microphone(painting, plane, rng):
    """A ball of wire or foam before the chin, its handle down to the crop's edge."""
    size, unit = painting.size, plane.unit
    head = np.array([rng.normal(0, 0.45), rng.uniform(1.45, 2.3)])
    turn = rng.uniform(-0.7, 0.7)
    along = np.array([np.sin(turn), np.cos(turn)])
    radius, light = rng.uniform(0.45, 0.7), np.array([rng.uniform(-0.7, 0.7), -0.5, 0.9])
    dark = random_colour(rng) if rng.random() < 0.2 else np.array((30, 30, 32)) * rng.uniform(0.6, 1.8)
    silver = np.array((150, 152, 156)) * rng.uniform(0.4, 1.3)
    ball = dark
    if rng.random() < 0.35:  # foam
        grain = 1 + 0.12 * noise_field((size, size), rng, size // 3)
    else:
        ball, step = silver, unit * rng.uniform(0.05, 0.085)
        x, y = np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32)[:, None]
        grain = 0.85 + 0.35 * np.sin((x + y) * np.float32(np.pi / step)) * np.sin((x - y) * np.float32(np.pi / step))
    head_alone = Painting(size)
    places = plane.beside(head + along * np.array([[0], [0.12], [0.3], [4]]))
    Limbs(painting, dark, light).paint(places[2:], np.array([radius * 0.62, radius * 0.42]) * unit)
    Limbs(head_alone, ball, light).paint(places[:2], np.array([radius, radius]) * unit)
    head_alone.grain(grain)
    alpha, colour = head_alone.layer()
    painting.over(alpha[..., 0], colour)
    if rng.random() < 0.7:  # the ring around it
        side = np.array([along[1], -along[0]]) * radius
        middle = head + along * 0.15
        band = plane.beside(curve(middle - side, middle + along * 0.35, middle + side))
        painting.over(filled(painting.shape, [ribbon(band, 0.14 * unit)]), silver * 0.9)


def _draw_cup(painting, plane, rng):
    """A mug or a beaker at the mouth, now and then held."""
    size, unit, shape = painting.size, plane.unit, painting.shape
    turn = rng.normal(0, 0.2)
    down = np.array([np.sin(turn), np.cos(turn)])
    across = np.array([down[1], -down[0]])
    rim = np.array([rng.normal(0, 0.2), rng.uniform(1.1, 1.7)])
    half, height = rng.uniform(0.7, 1.0), rng.uniform(1.4, 2.4)
    foot, flat = half * rng.uniform(0.7, 1.0), rng.uniform(0.06, 0.3)
    t = np.linspace(0, np.pi, 20)[:, None]

    def arc(middle, wide, sign):
        return middle + across * wide * np.cos(t) + down * wide * flat * sign * np.sin(t)

    base = rim + down * height
    if rng.random() < 0.5:  # a mug's ear
        ear = np.linspace(-np.pi / 2, np.pi / 2, 16)[:, None]
        side, middle = rng.choice([-1, 1]), rim + down * height * 0.5
        line = middle + across * side * (half * 0.9 + 0.4 * np.cos(ear)) + down * height * 0.3 * np.sin(ear)
        painting.over(filled(shape, [ribbon(plane.beside(line), 0.17 * unit)]), random_colour(rng) * 0.8)
    body = plane.beside(np.concatenate([arc(rim, half, 1), arc(base, foot, 1)[::-1]]))
    origin, axis = plane.beside(rim), (plane.beside(rim + across) - plane.beside(rim)) / unit
    x = (np.arange(size, dtype=np.float32) - np.float32(origin[0])) * np.float32(axis[0] / unit / half)
    y = (np.arange(size, dtype=np.float32) - np.float32(origin[1])) * np.float32(axis[1] / unit / half)
    place = (x + y[:, None]).clip(-1, 1)  # -1 and 1 at its sides
    light = rng.uniform(-0.6, 0.6)
    shade = 0.62 + 0.5 * np.sqrt(1 - 0.9 * (place - np.float32(light * 0.5)).clip(-1, 1) ** 2)
    shade += np.float32(rng.uniform(0, 0.35)) * np.exp(-(((place - np.float32(light)) / 0.1) ** 2))
    painting.over(filled(shape, [body]), (surface(shape, rng) * shade[..., None]).clip(0, 255))
    mouth = [plane.beside(np.concatenate([arc(rim, half, 1), arc(rim, half, -1)[::-1]]))]
    painting.over(filled(shape, mouth), random_colour(rng) * 0.5 + 110)
    inside = [plane.beside(np.concatenate([arc(rim, half * 0.92, 0.9), arc(rim, half * 0.92, -0.9)[::-1]]))]
    painting.over(filled(shape, inside), (60, 50, 44))
    if rng.random() < 0.6:
        _draw_grip(painting, plane, rim + down * height * 0.35, across * rng.choice([-1, 1]), down, half, rng)


def _draw_grip(painting, plane, start, across, down, half, rng):
    """Fingers around a thing `half` as wide as that, from the side to which `across` points."""
    limbs = Limbs(painting, skin_tone(rng), np.array([rng.uniform(-0.5, 0.5), -0.5, 1]))
    for n in range(4):
        knuckle = start + down * 0.36 * n + across * (half + 0.12)
        tip = knuckle - across * half * rng.uniform(0.9, 1.3) + down * rng.normal(0, 0.04)
        joints = np.stack([knuckle + across * 1.6 + down * 0.3, knuckle, (knuckle + tip) / 2 - down * 0.03, tip])
        limbs.paint(plane.beside(joints), np.array([0.24, 0.2, 0.185, 0.15]) * plane.unit, True)


def _draw_figure(painting, plane, rng, round_one):
    """A blob or a polygon of any surface, somewhere on the face."""
    middle, radius = np.array([rng.normal(0, 0.8), rng.normal(0.7, 0.9)]), rng.uniform(0.25, 1.2)
    if round_one:
        t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        waves = sum(rng.normal(0, 0.35 / n) * np.cos(n * t + rng.uniform(0, 2 * np.pi)) for n in range(1, 6))
        corners = np.stack([np.cos(t), np.sin(t) * rng.uniform(0.4, 1.2)], 1) * (1 + waves).clip(0.25)[:, None]
    else:
        t = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
        corners = np.stack([np.cos(t), np.sin(t)], 1) * rng.uniform(0.5, 1.5, (len(t), 1))
    outline = plane.beside(middle + corners * radius)
    left, top, right, bottom = covered([outline], painting.shape)
    opaque = rng.uniform(0.4, 0.9) if rng.random() < 0.2 else 1.0
    if right > left and bottom > top:
        shape = bottom - top, right - left
        alpha = filled(shape, [outline - (left, top)]) * np.float32(opaque)
        painting.over(alpha, surface(shape, rng), (left, top))


def _draw(kind, painting, plane, landmarks, rng, skin):
    if kind == "hand":
        draw_hand(painting, plane, rng, skin)
    elif kind == "hair":
        draw_hair(painting, plane, rng)
    elif kind == "microphone":
        _draw_microphone(painting, plane, rng)
    elif kind == "cup":
        _draw_cup(painting, plane, rng)
    elif kind == "mask":
        draw_mask(painting, plane, landmarks, rng)
    elif kind == "scarf":
        draw_scarf(painting, plane, landmarks, rng)
    else:
        _draw_figure(painting, plane, rng, kind == "blob")


def draw_occluder(
    landmarks: np.ndarray,
    size: int,
    rng: np.random.Generator,
    kind: str | None = None,
    skin: np.ndarray | None = None,
) -> Layer:
    """A random thing before a face, with soft edges and its shadow -> Layer of `size` pixels a side.

    On a mirrored face, the same, mirrored, but for its surface and light.

    Args:
        landmarks: (468, >= 2), pixels of the crop.
        kind: one of KINDS; default: any, by SHARES.
        skin: RGB 0..255, (3,): whose hand it may be; default: anybody's.
    """
    kind = kind or str(rng.choice(KINDS, p=SHARES))
    plane, thing = FacePlane(landmarks), Painting(size)
    _draw(kind, thing, plane, landmarks, rng, skin)
    layer = thing.layer(size / 224 * rng.uniform(0.2, 0.5 if kind == "hair" else 1.4))
    return _over_its_shadow(layer, thing.box(int(0.6 * plane.unit)), plane, rng)


def _over_its_shadow(layer, box, plane, rng):
    """The layer, which changes nothing outside the box (left, top, right, bottom), and the shadow it casts there."""
    drop = plane.unit * np.array([plane.side * rng.normal(0, 0.06), rng.uniform(0.02, 0.16)])
    sigma = plane.unit * rng.uniform(0.02, 0.09)
    strength, (left, top, right, bottom) = np.float32(rng.uniform(0, 0.4)), box
    if right <= left or bottom <= top:
        return layer
    alpha, colour = (values[top:bottom, left:right] for values in layer)
    # a shadow has no detail: a quarter of the pixels will do
    half = cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    shadow = blurred(half, sigma / 2)
    shadow = cv2.warpAffine(shadow, np.array([[1, 0, drop[0] / 2], [0, 1, drop[1] / 2]]), shadow.shape[::-1])
    shadow = cv2.resize(shadow, alpha.shape[1::-1])[..., None] * strength
    shadow *= 1 - alpha
    together = alpha + shadow
    share = alpha / np.maximum(together, 1e-6)
    shade = np.array(SHADOW, np.float32)
    colour -= shade
    colour *= share
    colour += shade
    colour.clip(0, 255, out=colour)
    np.minimum(together, 1, out=alpha)
    return layer
