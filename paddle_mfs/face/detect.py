"""Finding faces: BlazeFace's anchors and decoding, in one view or several.

BlazeFace: Bazarevsky et al. 2019, https://arxiv.org/abs/1907.05047 (short-range model, 128 px input).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from paddle_mfs.face.boxes import Detection, merge, suppress
from paddle_mfs.face.geometry import invert, scale_of, transform, warp
from paddle_mfs.face.views import INPUT, whole_view
from paddle_mfs.utils.tensor import to_batch

MIN_SCORE = 0.5
MEAN = STD = 0.5  # what the network's input is normalised with
GRIDS = ((16, 2), (8, 6))  # of the anchors: cells a side, anchors a cell


def _anchors():
    """(896, 2) anchor centres in 0..1, grid by grid."""
    centres = []
    for cells, per_cell in GRIDS:
        y, x = np.mgrid[:cells, :cells]
        centres.append(np.repeat((np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells, per_cell, 0))
    return np.concatenate(centres).astype(np.float32)


ANCHORS = _anchors()


class Detector:
    """BlazeFace over a list of views of a picture.

    Args:
        network: callable, (N, 3, 128, 128) float32 RGB in [-1, 1] -> numpy arrays [regressors (N, 896, 16),
            logits (N, 896)].
    """

    def __init__(self, network: Callable):
        self.network = network

    def detect(self, image: np.ndarray, views: Sequence[np.ndarray] | None = None) -> list[Detection]:
        """Faces in `image` (H, W, 3) uint8 RGB, best score first, looked for in each view (None: all of it)."""
        found: list[Detection] = []
        for view in [whole_view(image.shape[1], image.shape[0])] if views is None else views:
            pixels = warp(image, view, (INPUT, INPUT), cv2.INTER_LINEAR)
            regressors, logits = self.network(to_batch(pixels, MEAN, STD))
            found += self._decode(view, regressors[0], logits.ravel())
        return suppress(found)

    def _decode(self, view, values, logits):
        scores = 1 / (1 + np.exp(-logits.clip(-80, 80)))
        kept = np.flatnonzero(scores > MIN_SCORE)
        back = invert(view)
        per_pixel = scale_of(back)
        detections = []
        for i in kept:
            # the network's unit is its input side, measured from the edge of the first pixel
            points = values[i].reshape(8, 2).astype(np.float64)
            size = points[1]
            places = np.delete(points, 1, 0) + ANCHORS[i] * INPUT - 0.5
            places = transform(places, back)
            detections.append(Detection(places[0], float(size.max() * per_pixel), places[1:], float(scores[i])))
        return merge(detections)
