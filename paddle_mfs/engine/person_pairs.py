"""Training pairs of one person: the mesh teacher puts that person's photos on other faces, which are moved about a
little."""

from __future__ import annotations

import random
from collections.abc import Sequence

import cv2
import numpy as np
import paddle

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.pairs import Batch, supervised_regions
from paddle_mfs.face.align import AlignedFace, aligned_face
from paddle_mfs.face.analysis import Face
from paddle_mfs.face.geometry import transform
from paddle_mfs.models.idn import SIZE
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.tensor import to_batch

TURN, ZOOM, SHIFT, LIGHT = 6.0, 0.06, 4.0, 0.15  # degrees, share, pixels, share: how far a target is moved about


class PersonPairs:
    """Random batches of one source and many targets.

    Args:
        faces: the person's photos as (image (H, W, 3) uint8 RGB, Face).
        targets: faces of others, at 224 px.
        seed: of all that is drawn.
    """

    def __init__(
        self,
        faces: Sequence[tuple[np.ndarray, Face]],
        targets: Sequence[AlignedFace],
        seed: int = 0,
    ):
        self._teacher, self._targets, self._random = MeshTeacher(), targets, random.Random(seed)
        self._sources: list[AlignedFace] = []
        for image, face in faces:
            source = aligned_face(image, face, SIZE)
            self._sources += [source, mirrored(*source)]

    def batch(self, count: int) -> Batch:
        """`count` pairs as paddle tensors: targets and taught (count, 3, 224, 224) RGB in [0, 1], background and core
        (count, 1, 224, 224) 0/1, all float32; `sources` and `same` are None: there is one source, and no target shows
        it; `real` is 0, the teacher painted all that is taught."""
        rows = [self._row() for _ in range(count)]
        targets, taught, background, core = (np.stack(column) for column in zip(*rows))
        pixels = [paddle.to_tensor(to_batch(v)) for v in (targets, taught)]
        regions = [paddle.to_tensor(v[:, None].astype(np.float32)) for v in (background, core)]
        return Batch(None, *pixels, *regions, None, paddle.zeros([count]))  # type: ignore[arg-type, call-arg]

    def _row(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        target = self.moved(*self._random.choice(self._targets))
        taught, _ = self._teacher.swap(self._random.choice(self._sources), target)
        return (target.image, taught, *supervised_regions(target.landmarks, SIZE))

    def moved(self, image: np.ndarray, marks: np.ndarray) -> AlignedFace:
        """A crop (224, 224, 3) uint8 RGB mirrored or not, turned, zoomed, shifted and lit a little differently, with
        its landmarks (468, 2) float32 in the pixels of the new one."""
        uniform = self._random.uniform
        if self._random.random() < 0.5:
            image, marks = mirrored(image, marks)
        centre = ((SIZE - 1) / 2, (SIZE - 1) / 2)
        matrix = cv2.getRotationMatrix2D(centre, uniform(-TURN, TURN), 1 + uniform(-ZOOM, ZOOM))
        matrix[:, 2] += uniform(-SHIFT, SHIFT), uniform(-SHIFT, SHIFT)
        image = cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        gain = 1 + np.array([uniform(-LIGHT, LIGHT)] * 3) + np.array([uniform(-LIGHT, LIGHT) / 3 for _ in range(3)])
        lit = np.rint(image * gain).clip(0, 255).astype(np.uint8)
        return AlignedFace(lit, transform(marks.astype(np.float64), matrix).astype(np.float32))
