"""What lies before the target's face and is to stay there, found by the occlusion segmenter."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from paddle_mfs.face.networks import bundled_network
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.utils.tensor import to_batch

INPUT = 112  # pixels a side: what the network sees
REACH = 6 / 224  # of the crop: as far beyond the face oval things are looked for
UNSURE, SURE = 0.3, 0.7  # probabilities below and above which nothing and all of the target is kept
FEATHER = 1.5 / 224  # of the crop: sigma


def face_reach(landmarks: np.ndarray, size: int) -> np.ndarray:
    """The face oval and a little around it -> (size, size) bool: what lies beyond hides nothing that is painted.

    landmarks: (468, >= 2), pixels of the crop.
    """
    side = 2 * max(1, round(REACH * size)) + 1
    return cv2.dilate(oval_mask(landmarks, size, size), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0


class OcclusionFinder:
    """Finds hands, hair, cups, microphones, masks and other things before a face; spectacles and beards are none.

    Args:
        network: callable, (N, 3, 112, 112) float32 RGB in [0, 1] -> [(N, 1, 112, 112) probability] numpy arrays.
            Default: the bundled one.
        engine: what runs the default network, see `runtime.make_runner`.
    """

    def __init__(self, network: Callable | None = None, engine: str = "auto"):
        self.network = network or bundled_network("occlusion", engine)

    def probability(self, crop: np.ndarray) -> np.ndarray:
        """What the network says of a crop (S, S, 3) uint8 RGB, aligned -> (S, S) float32; it knows nothing beyond
        `face_reach`."""
        seen = cv2.resize(crop, (INPUT, INPUT), interpolation=cv2.INTER_AREA)
        (found,) = self.network(to_batch(seen))
        return cv2.resize(np.asarray(found, np.float32).reshape(INPUT, INPUT), crop.shape[1::-1])

    def __call__(self, crop: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """How much of the target is to be kept -> (S, S) float32 in [0, 1], feathered.

        crop: (S, S, 3) uint8 RGB, aligned; landmarks: (468, >= 2), pixels of the crop.
        """
        size = crop.shape[0]
        found = ((self.probability(crop) - UNSURE) / (SURE - UNSURE)).clip(0, 1)
        found *= face_reach(landmarks, size)
        return cv2.GaussianBlur(found, (0, 0), FEATHER * size)
