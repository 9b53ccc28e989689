"""Faces with things drawn before them, and where these lie: what the occlusion segmenter learns from.

This is ours. Spectacles are drawn too, and are no thing before a face: they belong to it, and so do beards.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.layer import lay
from paddle_mfs.data.lighting import change_light
from paddle_mfs.data.occluders import draw_occluder
from paddle_mfs.data.spectacles import draw_spectacles
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.occlusion import INPUT, face_reach
from paddle_mfs.face.regions import LEFT_BROW, RIGHT_BROW, skin_colour

SECOND = 0.12  # of the faces with a thing before them have another one
OWN_HAND = 0.6  # of the hands have the colour of the face's skin
SHIFT, TURN, ZOOM = 0.025, 0.05, 0.05  # deviations: share of the side, radians, logarithm
DARK = 0.6  # of the skin's lightness


class CoveredFace(NamedTuple):
    """image (S, S, 3) uint8 RGB; covered (S, S) bool: where something lies before the face; known (S, S) bool: where
    `covered` is to be believed; landmarks (468, 2), pixels."""

    image: np.ndarray
    covered: np.ndarray
    known: np.ndarray
    landmarks: np.ndarray


def cover(
    face: AlignedFace,
    rng: np.random.Generator,
    kinds: Sequence[str | None] = (),
    spectacles: bool = False,
    light: bool = False,
) -> CoveredFace:
    """A face with things drawn before it, in drawn spectacles, in another light.

    Where things lie is to be learned within `face_reach` alone: beyond it a swap changes nothing, and pictures are full
    of hair, hats and hands there that nobody has marked. Nobody has marked the face's own hair on its forehead either,
    so what is dark above the brows is left out, unless something is drawn over it.

    kinds: of `occluders.KINDS`, one after the other; None: any.
    """
    image, landmarks = face
    size, skin = image.shape[0], skin_colour(image, landmarks)
    reach, covered = face_reach(landmarks, size), np.zeros(image.shape[:2], bool)
    own_hair = _dark_above_the_brows(image, landmarks, skin)
    if spectacles:
        image = lay(image, draw_spectacles(landmarks, size, rng))
    for kind in kinds:
        layer = draw_occluder(landmarks, size, rng, kind, skin if rng.random() < OWN_HAND else None)
        image = lay(image, layer)
        covered |= layer.alpha[..., 0] > 0.5  # what casts a shadow is covered, what lies in it is not
    if light:
        image = change_light(rng, size)(image)
    return CoveredFace(image, covered, reach & (covered | ~own_hair), landmarks)


def _dark_above_the_brows(image, landmarks, skin):
    """(S, S) bool."""
    weights = np.array((0.299, 0.587, 0.114), np.float32)
    dark = image @ weights < DARK * (skin @ weights)
    dark[max(0, int(landmarks[LEFT_BROW + RIGHT_BROW, 1].min()) - 2) :] = False
    return cv2.dilate(dark.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def misaligned(face: AlignedFace, rng: np.random.Generator) -> AlignedFace:
    """The face moved, turned and zoomed a little: what hides a face misleads its alignment, too."""
    size = face.image.shape[0]
    (dx, dy), angle, scale = rng.normal(0, SHIFT * size, 2), rng.normal(0, TURN), np.exp(rng.normal(0, ZOOM))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    matrix, middle = np.array([[cosine, -sine, dx], [sine, cosine, dy]]), np.full(2, (size - 1) / 2)
    matrix[:, 2] += middle - matrix[:, :2] @ middle
    image = cv2.warpAffine(face.image, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    return AlignedFace(image, transform(face.landmarks[:, :2].astype(np.float64), matrix))


class CoveredFaces:
    """Random samples, numbered: each is a function of (seed, number).

    Args:
        faces: crops to draw on.
        objects, spectacles, light: shares of the samples that have something before the face, drawn spectacles, another
            light; each by itself.
    """

    def __init__(self, faces: Crops | ShardedFaces, objects: float, spectacles: float, light: float, seed: int = 0):
        self.faces, self.seed = faces, seed
        self.objects, self.spectacles, self.light = objects, spectacles, light
        self._reading = threading.Lock()  # the open files of shards are one thread's at a time

    def sample(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample `number`, as the network sees it -> image (112, 112, 3) uint8 RGB; covered and known (112, 112)
        float32, shares of the pixels of the crop."""
        rng = np.random.default_rng([self.seed, number])
        with self._reading:
            face = self.faces.face(int(rng.integers(len(self.faces))))
        with_objects, spectacles, light, mirrored, second = rng.random(5) < (
            self.objects,
            self.spectacles,
            self.light,
            0.5,
            SECOND,
        )
        kinds = [None] * (1 + second) if with_objects else []
        made = cover(misaligned(face, rng), rng, kinds, spectacles, light)
        seen = [_shrunk(made.image), *(_shrunk(part.astype(np.float32)) for part in (made.covered, made.known))]
        image, covered, known = (np.ascontiguousarray(one[:, ::-1]) for one in seen) if mirrored else seen
        return image, covered, known


def _shrunk(values):
    return cv2.resize(values, (INPUT, INPUT), interpolation=cv2.INTER_AREA)
