"""Another light and another camera for a crop: drawn once, applied to as many pictures as show the same scene.

This is ours.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from paddle_mfs.data.layer import blurred
from paddle_mfs.data.texture import gradient, noise_field, random_colour

BLUR, NOISE = 1.6, 9.0  # at most: sigma in pixels at 224; usual standard deviation, of 0..255
QUALITY = 30, 90  # of JPEG


class Light(NamedTuple):
    """A change of light that treats all pictures alike, its noise included; called with a picture, it returns it
    changed, (S, S, 3) uint8 RGB both. Pictures that are equal stay equal.

    tones: (1, 256, 3) float32, what becomes of every value of R, G and B; fall: (S, S, 3) float32 factors or None;
    noise: (S, S, 3) float32 added or None; blur: sigma in pixels or 0; quality: of JPEG, 0 for none.
    """

    tones: np.ndarray
    fall: np.ndarray | None
    noise: np.ndarray | None
    blur: float
    quality: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        seen = cv2.LUT(image, self.tones)
        if self.fall is not None:
            seen *= self.fall
        seen = blurred(seen, self.blur)
        if self.noise is not None:
            seen += self.noise
        result = np.rint(seen, out=seen).clip(0, 255).astype(np.uint8)
        if self.quality:
            swapped = cv2.cvtColor(result, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            result = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        return result


def _tint(rng, strength):
    """Factors of R, G and B, (3,) float32, 1 at their mean: warm or cold by rule, any hue at times."""
    if rng.random() < 0.7:
        warm = rng.normal(0, strength)
        factors = np.exp(np.array([warm, rng.normal(0, strength * 0.2), -warm]))
    else:
        factors = (random_colour(rng) / 255 - 0.5) * 3 * strength + 1
    return (factors / factors.mean()).astype(np.float32)


def _fall(size, rng):
    """Light from one side, or in soft spots -> factors (S, S, 3) float32."""
    place = gradient((size, size), rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.3:
        place = 0.5 * place + 0.4 * noise_field((size, size), rng, int(rng.integers(3, 6)))
    # a lamp's edge is now soft, now hard
    share = 1 / (1 + np.exp((rng.uniform(-0.5, 0.5) - place) * rng.uniform(2, 9)))
    dark, bright = rng.uniform(0.25, 0.85) * _tint(rng, 0.15), rng.uniform(0.9, 1.35) * _tint(rng, 0.15)
    return dark + share[..., None] * (bright - dark)


def change_light(rng: np.random.Generator, size: int) -> Light:
    """Random light and camera for crops of `size` pixels a side: exposure and gamma always; a colour cast, light from
    one side, dusk with its noise, lack of focus and JPEG's traces each now and then."""
    gamma, gain, colour = (
        np.exp(np.clip(rng.normal(0, 0.25), -0.5, 0.4)),
        np.exp(rng.normal(0, 0.12)),
        np.ones(3, np.float32),
    )
    if rng.random() < 0.5:
        colour = _tint(rng, 0.14)
    noise = rng.uniform(0.1, 1) * NOISE if rng.random() < 0.25 else 0.0
    grey = 0.0
    if rng.random() < 0.18:  # dusk
        gain *= rng.uniform(0.28, 0.6)
        noise, grey = max(noise, rng.uniform(0.3, 1.2) * NOISE), rng.uniform(0, 14)
    values = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    tones = (values**gamma * (gain * colour) * 255 + grey)[None].astype(np.float32)
    fall = _fall(size, rng) if rng.random() < 0.4 else None
    field: np.ndarray | None = None
    if noise:
        field = rng.standard_normal((size, size, 3), np.float32)
        if rng.random() < 0.5:  # of a camera that has smoothed it
            field = blurred(field, 0.7) * 2
        field *= np.float32(noise)
    blur = rng.uniform(0.3, 1) * BLUR * size / 224 if rng.random() < 0.25 else 0.0
    quality = int(rng.integers(*QUALITY)) if rng.random() < 0.3 else 0
    return Light(tones, fall, field, blur, quality)
