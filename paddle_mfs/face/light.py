"""The light on a face: little or coloured, it is brought to what the networks know, and the new face back to it.

In little light the IDN paints a face as bright as those it learned from, a glow in the dark; in blue or green light it
paints none. So a crop that lacks light of a colour is shown to it with that colour multiplied, and what it changed
is divided again. A face in usual light stays as it is, to the last bit.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

KNOWN = np.array([90, 70, 60], np.float32)  # mean RGB of a face, 8-bit steps: with less the networks do worse
DARKEST = 2.0  # mean of the brightest colour, 8-bit steps: with less there is nothing to see
NIGHT = 6  # 8-bit steps: a face is about 0.4 of a picture's brightest places, so there is less than that on it
BRIGHT = 150  # 8-bit steps: the detector knows pictures whose brightest places have this in every colour
CENTRE, RADII = (0.5, 0.56), (0.23, 0.3)  # x, y as shares of a crop aligned to `align.template`: the face's inside


@dataclass(frozen=True, eq=False)
class Light:
    """What a crop's colours are multiplied with. gain: (3,) float32 RGB, 1 or more."""

    gain: np.ndarray

    @classmethod
    def of(cls, crop: np.ndarray) -> Light:
        """The light on the face of an aligned crop (S, S, 3) uint8 RGB."""
        mean = crop[_inside(crop.shape[0])].mean(0, dtype=np.float32)
        return cls(np.maximum(KNOWN / np.maximum(mean, np.float32(1)), np.float32(1)))

    @property
    def is_usual(self) -> bool:
        """Whether nothing has to be done."""
        return bool((self.gain == 1).all())

    @property
    def is_dark(self) -> bool:
        """Whether there is too little of it to see a face by."""
        return bool((self.gain > KNOWN / np.float32(DARKEST)).all())

    def known(self, crop: np.ndarray) -> np.ndarray:
        """The crop, (S, S, 3) uint8 RGB, as in a light that the networks know."""
        return crop if self.is_usual else np.rint((crop * self.gain).clip(0, 255)).astype(np.uint8)

    def back(self, crop: np.ndarray, shown: np.ndarray, result: np.ndarray) -> np.ndarray:
        """What was made of `shown`, the crop in known light, in the crop's own light.

        Args:
            crop, shown: (S, S, 3) uint8 RGB. result: (S, S, 3) float32 RGB in [0, 1].
        Returns: (S, S, 3) float32 RGB in [0, 1].
        """
        if self.is_usual:
            return result
        own, change = crop / np.float32(255), (result - shown / np.float32(255)) / self.gain
        return (own + change).clip(0, 1)


def brightened(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 RGB with its colours multiplied until each has bright places, to look for faces in.

    The picture itself where it has them.
    """
    gain = np.maximum(np.float32(BRIGHT) / np.maximum(_bright(picture), np.float32(1)), np.float32(1))
    return picture if (gain == 1).all() else np.rint((picture * gain).clip(0, 255)).astype(np.uint8)


def is_night(picture: np.ndarray) -> bool:
    """Whether a picture (H, W, 3) uint8 RGB has too little light anywhere to see a face by."""
    return bool(_bright(picture).max() < NIGHT)


def _bright(picture):
    """(3,) float32: how bright the brightest places are in each colour, 8-bit steps."""
    return np.percentile(picture[::4, ::4].reshape(-1, 3), 98, axis=0).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _inside(size):
    """(size, size) bool: an ellipse in the face. Not to be written into."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    return ((x - CENTRE[0]) / RADII[0]) ** 2 + ((y - CENTRE[1]) / RADII[1]) ** 2 < 1
