"""What befalls a training crop: things before the face, and the light it stands in.

This is ours. Target and wanted picture get the same, so that the network learns that a swap leaves both where they are.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from paddle_mfs.data.layer import lay
from paddle_mfs.data.lighting import change_light
from paddle_mfs.data.occluders import draw_occluder
from paddle_mfs.data.spectacles import draw_spectacles
from paddle_mfs.face.regions import skin_colour


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random changes of training crops, each with its probability, 0..1.

    spectacles: put on; occluders: a hand, hair, a mask or anything before the face; light: another light and camera.
    """

    spectacles: float = 0.0
    occluders: float = 0.0
    light: float = 0.0

    def __bool__(self) -> bool:
        """Does anything ever befall a crop?"""
        return any(dataclasses.astuple(self))

    def __call__(
        self, target: np.ndarray, wanted: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Target and wanted picture, (S, S, 3) uint8 RGB, with the same drawn over both, in the same light; and where
        something was drawn, (S, S) bool.

        What has the probability 0 takes no random number; with all of them 0 the pictures themselves are returned.

        landmarks: (468, >= 2) of the target, pixels of the crop.
        """
        size, layers = target.shape[0], []
        if _happens(self.spectacles, rng):
            layers.append(draw_spectacles(landmarks, size, rng))
        if _happens(self.occluders, rng):
            layers.append(draw_occluder(landmarks, size, rng, skin=skin_colour(target, landmarks)))
        covered = np.zeros((size, size), bool)
        for layer in layers:
            target, wanted = lay(target, layer), lay(wanted, layer)
            covered |= layer.alpha[..., 0] > 0.5
        if _happens(self.light, rng):
            light = change_light(rng, size)
            target, wanted = light(target), light(wanted)
        return target, wanted, covered


def _happens(probability, rng):
    return probability > 0 and rng.random() < probability
