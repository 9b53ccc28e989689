"""Finished images of the mesh teacher, spoilt in known amounts: what Q learns from where there are no
snapshots of a teacher.

This is ours. An amount is 0 (untouched) to 1 (plainly broken); the quality of an image is the product of
1 - amount over its faults.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.q_labels import check_split, is_held_out, seen_by_q
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.models.quality import SIZE
from paddle_mfs.teachers.mesh import MeshTeacher, TargetGeometry

# What an amount of 1 does. Lengths are shares of the crop, colours 0..255.
SHIFT, TURN, ZOOM = 0.07, 0.12, 0.12  # misregistration: move, radians, share of the size
COLOUR = 60.0  # colour: length of the RGB offset
NOISE = 25.0  # noise: standard deviation as Q sees it
BLUR = 0.022  # blur: sigma
GHOST = 0.6  # ghost: misregistration of the second exposure, which at most is half of what is seen
KINDS = ("misregistration", "seams", "ghost", "colour", "blur", "noise")


class Pair(NamedTuple):
    """What the mesh teacher works on, and the target's geometry."""

    source: AlignedFace
    target: AlignedFace
    geometry: TargetGeometry


def _displaced(face, amount, size, rng):
    """The face, its landmarks moved, turned and zoomed together, each by its full share of `amount`, in random ways."""
    angle, (turn, zoom) = rng.uniform(0, 2 * np.pi), amount * rng.choice([-1, 1], 2) * (TURN, ZOOM)
    matrix = (1 + zoom) * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = face.landmarks
    centre, shift = points.mean(0), amount * SHIFT * size * np.array([np.cos(angle), np.sin(angle)])
    return face._replace(landmarks=(points - centre) @ matrix.T + centre + shift)


def _hard_edge(pair, amount, rng):
    """The blend, faded over to a mask without feathering: the face oval or, as often, its bounding box."""
    size = pair.target.image.shape[0]
    mask = oval_mask(pair.target.landmarks, size, size)
    if rng.random() < 0.5:
        x, y, w, h = cv2.boundingRect(mask)
        mask[y : y + h, x : x + w] = 255
    return pair.geometry.blend + np.float32(amount) * (mask / np.float32(255) - pair.geometry.blend)


def degrade(teacher: MeshTeacher, pair: Pair, amounts: Mapping[str, float], rng: np.random.Generator) -> np.ndarray:
    """The teacher's answer to `pair` with the faults `amounts`, {kind of KINDS: 0..1} -> (S, S, 3) uint8 RGB.

    - misregistration: the source's texture lies beside where it belongs.
    - seams: no feathering, edges of the oval or of a box.
    - ghost: two faces over each other. A mere mixture with the target looks like a face again: how much of the source
      is in it is the business of the cosine in alpha, not of Q.
    - colour, blur, noise: of the face, not of its surroundings.
    """
    size = pair.target.image.shape[0]
    source, geometry = pair.source, pair.geometry
    if amounts.get("misregistration"):
        source = _displaced(source, amounts["misregistration"], size, rng)
    if amounts.get("seams"):
        geometry = dataclasses.replace(geometry, blend=_hard_edge(pair, amounts["seams"], rng))
    image, blend = teacher.swap(source, pair.target, geometry)
    image, blend = image.astype(np.float32), blend[..., None]
    if amounts.get("ghost"):
        second, _ = teacher.swap(_displaced(source, GHOST, size, rng), pair.target, geometry)
        image += np.float32(amounts["ghost"] / 2) * (second - image)
    if amounts.get("colour"):
        offset = rng.normal(size=3)
        image += blend * (amounts["colour"] * COLOUR * offset / np.linalg.norm(offset)).astype(np.float32)
    if amounts.get("blur"):
        image += blend * (cv2.GaussianBlur(image, (0, 0), amounts["blur"] * BLUR * size + 1e-3) - image)
    if amounts.get("noise"):
        sigma = amounts["noise"] * NOISE * size / SIZE  # area resampling to SIZE takes the factor away again
        image += blend * rng.standard_normal(image.shape, np.float32) * np.float32(sigma)
    return np.rint(image).clip(0, 255).astype(np.uint8)


def quality_of(amounts: Mapping[str, float]) -> float:
    """The label of an image with these faults: 1 without any, 0 with one of amount 1."""
    return float(np.prod([1 - amount for amount in amounts.values()]))


class DegradedSwaps:
    """Labelled images of the mesh teacher on random pairs of faces.

    Args:
        crops: the faces, in memory or in shards.
        sizes: crop sides at which the teacher works, in turn by chance: Q is to serve more than one.
        held_out: share of the identities kept for judging Q.
        untouched, two_faults: shares of the images without a fault (half of these are the targets themselves, as when a
            source meets its own photo) and with two; the others have one.
        seed: sample number i is a function of (seed, i).
    """

    def __init__(
        self,
        crops: Crops | ShardedFaces,
        sizes: Sequence[int],
        held_out: float = 0.1,
        untouched: float = 0.2,
        two_faults: float = 0.2,
        seed: int = 0,
    ):
        self.sets = [crops.resized(size) for size in sizes]
        self.untouched, self.two_faults, self.seed = untouched, two_faults, seed
        self.teacher = MeshTeacher()
        self._reading = threading.Lock()  # the open files of shards are one thread's at a time
        aside = np.array([is_held_out(label, held_out) for label in crops.labels])
        self.training, self.judging = np.flatnonzero(~aside), np.flatnonzero(aside)
        check_split("data.faces", "faces", len(self.training), len(self.judging))
        self._geometry = functools.lru_cache(maxsize=2000)(self._geometry_of)

    def _geometry_of(self, which, index):
        face = self._face(which, index)
        return self.teacher.geometry(face.landmarks, face.image.shape[0])

    def _face(self, which: int, index: int) -> AlignedFace:
        with self._reading:
            return self.sets[which].face(index)

    def pair(self, faces: np.ndarray, rng: np.random.Generator) -> Pair:
        """A random pair of two of `faces` (indices)."""
        which, (source, target) = int(rng.integers(len(self.sets))), rng.choice(faces, 2, replace=False).tolist()
        return Pair(self._face(which, source), self._face(which, target), self._geometry(which, target))

    def sample(self, number: int) -> tuple[np.ndarray, float]:
        """Training sample `number` -> image (112, 112, 3) uint8 RGB, quality in 0..1."""
        rng = np.random.default_rng([self.seed, number])
        pair, draw = self.pair(self.training, rng), rng.random()
        faults = 0 if draw < self.untouched else 2 if draw < self.untouched + self.two_faults else 1
        amounts = {str(kind): rng.random() for kind in rng.choice(KINDS, faults, replace=False)}
        image = pair.target.image if draw < self.untouched / 2 else degrade(self.teacher, pair, amounts, rng)
        image = seen_by_q(image)
        return image[:, ::-1] if rng.random() < 0.5 else image, quality_of(amounts)

    def judged(self, count: int) -> list[list[tuple[str, float, np.ndarray]]]:
        """Held-out series -> list of [(kind, quality, image), ...]: `count` pairs, "none" and with each fault once."""
        series = []
        for number in range(count):
            rng = np.random.default_rng([self.seed, 1, number])
            pair = self.pair(self.judging, rng)
            series.append([("none", 1.0, seen_by_q(degrade(self.teacher, pair, {}, rng)))])
            for kind in KINDS:
                amounts = {kind: rng.random()}
                series[-1].append((kind, quality_of(amounts), seen_by_q(degrade(self.teacher, pair, amounts, rng))))
        return series
