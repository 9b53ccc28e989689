"""The judge of a personalisation: faces that are not trained on, swapped and measured as the training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import paddle

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.regions import five_points, oval_mask
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.metrics.preservation import Target
from paddle_mfs.models.idn import IDN
from paddle_mfs.swap.change import AS_IT_IS, pasted
from paddle_mfs.utils.tensor import to_batch

SHARPER, SHAPE_LOSS, PSNR_LOSS = 0.9, 1.0, 1.0  # what a refined identity may lose: share, per mille, dB
CLEAN = 50.0  # dB; nobody sees that a background is better than this


class Quality(NamedTuple):
    """Means over the watched faces: distance (dlib, to the source's photos), sharpness (of the target's), shape (per
    mille of the face width) and background (dB), see metrics/."""

    distance: float
    sharpness: float
    shape: float
    background: float

    def is_kept_by(self, other: Quality) -> bool:
        """Whether `other` loses no more of the picture's quality than it may; the distance does not count."""
        return (
            other.sharpness >= SHARPER * self.sharpness
            and other.shape <= self.shape + SHAPE_LOSS
            and other.background >= min(self.background - PSNR_LOSS, CLEAN)
        )


class WatchedFaces:
    """Measures an IDN on crops that it was not trained on; `images` are they, a list of (224, 224, 3) uint8 RGB.

    Args:
        faces: at 224 px.
        photos: of the source, (H, W, 3) uint8 RGB. fives: the five points (5, 2) of the face in each of them.
    """

    def __init__(
        self,
        faces: Sequence[AlignedFace],
        photos: Sequence[np.ndarray],
        fives: Sequence[np.ndarray],
    ):
        self.images = [image for image, _ in faces]
        self._recogniser, analyser = Recogniser(), FaceAnalyser()
        self._sources = self._recogniser.descriptors(photos, fives)
        self._targets = [
            Target(image, marks, five_points(marks), oval_mask(marks, *image.shape[:2]), analyser)
            for image, marks in faces
        ]

    def swapped(self, idn: IDN) -> list[np.ndarray]:
        """The watched faces through an IDN, as they are pasted -> list of (224, 224, 3) uint8 RGB."""
        with paddle.no_grad():
            results = idn(paddle.to_tensor(to_batch(self.images)))[0].numpy().transpose(0, 2, 3, 1)
        return [pasted(crop, AS_IT_IS, crop, result) for crop, result in zip(self.images, results)]

    def quality(self, idn: IDN) -> Quality:
        """What comes out of an IDN, measured."""
        results = self.swapped(idn)
        made = self._recogniser.descriptors(results, [target.five for target in self._targets])
        preserved = [target.preservation(result) for target, result in zip(self._targets, results)]
        sharpness, shape, background, *_ = zip(*preserved)
        return Quality(
            float(np.mean([distance(made, source[None]).mean() for source in self._sources])),
            float(np.median(sharpness)),
            float(np.median(shape)),
            psnr(np.mean(background)),
        )
