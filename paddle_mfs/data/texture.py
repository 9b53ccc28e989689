"""Random surfaces."""

from __future__ import annotations

import cv2
import numpy as np


def noise_field(shape: tuple[int, int], rng: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise with about `cells` bumps across the width -> `shape`, float32, mean about 0, deviation about 1."""
    height, width = shape
    coarse = rng.standard_normal((max(2, round(cells * height / width)), cells), np.float32) * np.float32(1.5)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def gradient(shape: tuple[int, int], angle: float) -> np.ndarray:
    """A ramp in the direction `angle` (radians) -> `shape`, float32, -1..1."""
    x, y = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[::-1])
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return (cosine * x + sine * y[:, None]) / (abs(cosine) + abs(sine))


def random_colour(rng: np.random.Generator) -> np.ndarray:
    """(3,) float32 RGB 0..255: grey as often as colourful, dark as often as bright."""
    grey = rng.uniform(10, 245)
    return (grey + rng.uniform(0, 1) ** 2 * (rng.uniform(0, 255, 3) - grey)).astype(np.float32)


def surface(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A plain, shaded, mottled, striped or checked surface -> (H, W, 3) float32 RGB, 0..255."""
    first, second = random_colour(rng), random_colour(rng)
    kind = rng.choice(["plain", "mottled", "striped", "checked"])
    light = 1 + rng.uniform(0, 0.35) * gradient(shape, rng.uniform(0, 2 * np.pi))
    light += rng.uniform(0, 0.12) * noise_field(shape, rng, 4)
    light += rng.uniform(0, 0.06) * noise_field(shape, rng, max(4, shape[1] // 3))
    if kind == "plain":
        return (first * light[..., None]).clip(0, 255)
    if kind == "mottled":
        share = noise_field(shape, rng, int(rng.integers(2, 40))) * 0.6 + 0.5
    else:
        angle, sharp = rng.uniform(0, np.pi), rng.uniform(0.5, 4)
        turns = np.float32(np.pi * rng.uniform(4, 20) * shape[1] / 224)
        share = np.sin(gradient(shape, angle) * turns) * sharp
        if kind == "checked":
            share *= np.sin(gradient(shape, angle + np.pi / 2) * turns)
        share += 0.5
    return ((first + share.clip(0, 1)[..., None] * (second - first)) * light[..., None]).clip(0, 255)
