"""Is the face in a picture fit to train on? If so: its crop and landmarks; if not: why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddle_mfs.data.aligned_face import SIZE
from paddle_mfs.data.duplicates import perceptual_hash
from paddle_mfs.data.synthetic import MIN_ADULT_AGE, AdultFilter
from paddle_mfs.face.align import aligned_face
from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.face.landmarks import Region, region
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.sharpness import core_mask, laplacian_variance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch

LEVEL_PITCH = 7  # degrees, what `landmarks.pose` reads of a level face
# Per mille of the face's size that its landmarks may move when the mesh network looks from a little aside. 200
# generated faces give 21 at most, a face with a bar over its mouth 30, a profile 36, one with a mask 50.
MAX_UNSTEADY = 25
ASIDE = ((0.04, -0.03, 1.08, 0.12), (-0.04, 0.03, 0.95, -0.12))  # share of the region's side (twice), scale, radians


@dataclass(frozen=True)
class Limits:
    """What a face must be like.

    min_face: pixels, longer side of the landmarks' box in the picture; min_sharpness: variance of the Laplacian in the
    core of the 224 px crop (portraits of 320 px have 70 or more, blurred by a Gaussian of 2 px 30 or less); max_turn:
    degrees of yaw or of pitch from level; min_age: years, as the age network estimates.
    """

    min_face: float = 80
    min_sharpness: float = 35
    max_turn: float = 40
    min_age: float = MIN_ADULT_AGE

    def check(self) -> None:
        """Raise UserError for values that cannot be."""
        if not self.min_age >= 18:  # refuses nan too
            raise UserError(f"--min-age {self.min_age:g}: only adults are kept; give 18 or more")
        if not self.min_face >= 20 or not self.min_sharpness >= 0 or not 0 < self.max_turn <= 90:
            raise UserError(
                f"--min-face {self.min_face:g} --min-sharpness {self.min_sharpness:g} --max-turn {self.max_turn:g}: "
                "a face has 20 px or more, sharpness 0 or more, a turn up to 90 degrees"
            )


class Rejected(Exception):
    """Why a picture is left out.

    reason: one of a few words; detail: the measurement; crop: (224, 224, 3) uint8 RGB to show, or None.
    """

    def __init__(self, reason: str, detail: str = "", crop: np.ndarray | None = None):
        super().__init__(reason)
        self.reason, self.detail, self.crop = reason, detail, crop


@dataclass
class Candidate:
    """A face that is fit.

    crop (S, S, 3) uint8 RGB; landmarks (468, 2) float32 in its pixels; hashed: see `duplicates.perceptual_hash`; facts:
    what was measured; score: higher is better; embedding (E,) of unit length, where it was asked for.
    """

    crop: np.ndarray
    landmarks: np.ndarray
    hashed: np.ndarray
    facts: dict[str, Any]
    score: float
    embedding: np.ndarray | None = None


class FaceJudge:
    """Judges the largest face of pictures.

    Args:
        size: crop side in pixels.
        limits: Limits.
    """

    def __init__(self, size: int, limits: Limits):
        self.size, self.limits = size, limits
        self.analyser = FaceAnalyser()
        self._adult = AdultFilter(limits.min_age, self.analyser)
        self._embed: Callable | None = None

    def __call__(self, image: np.ndarray, with_embedding: bool = False) -> Candidate:
        """(H, W, 3) uint8 RGB -> Candidate. Raises Rejected."""
        faces = self.analyser.faces(image)
        if not faces:
            raise Rejected("no face")
        face = faces[0]
        crop, landmarks = aligned_face(image, face, SIZE)
        age = self._adult.crop_age(crop)
        if age < self.limits.min_age:
            raise Rejected("looks under age", f"{age:.0f} years, at least {self.limits.min_age:g}")
        sharpness = laplacian_variance(crop, core_mask(oval_mask(landmarks, SIZE, SIZE)))
        yaw, pitch, _ = face.pose
        for reason, detail in self._faults(image, face, sharpness, yaw, pitch):
            raise Rejected(reason, detail, crop)
        facts = {
            "face": round(face.size),
            "yaw": round(yaw),
            "pitch": round(pitch),
            "sharpness": round(sharpness, 1),
            "age": round(age),
        }
        embedding, hashed = self._embedding(crop) if with_embedding else None, perceptual_hash(crop)
        if self.size != SIZE:
            crop, landmarks = aligned_face(image, face, self.size)
        score = np.sqrt(sharpness) * np.cos(np.radians(yaw))
        return Candidate(crop, landmarks, hashed, facts, score, embedding)

    def _embedding(self, crop):
        from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
        from paddle_mfs.runtime import make_runner

        self._embed = self._embed or make_runner(FaceEmbedder(load_encoder()), threads=1)
        return self._embed(to_batch(crop))[0][0]

    def _faults(self, image, face, sharpness, yaw, pitch) -> Iterator[tuple[str, str]]:
        """What is wrong with a face, the cheapest to find first."""
        limits, points = self.limits, face.landmarks[:, :2]
        if face.size < limits.min_face:
            yield "too small", f"{face.size:.0f} px, at least {limits.min_face:g}"
        beyond = ((points < -0.5) | (points > np.array(image.shape[1::-1]) - 0.5)).any()
        if beyond:
            yield "cut off", "part of the face lies outside the picture"
        turn = max(abs(yaw), abs(pitch - LEVEL_PITCH))
        if turn > limits.max_turn:
            yield "turned", f"{turn:.0f} degrees, at most {limits.max_turn:g}"
        if sharpness < limits.min_sharpness:
            yield "blurred", f"sharpness {sharpness:.0f}, at least {limits.min_sharpness:g}"
        unsteady = self.unsteadiness(image, face)
        if unsteady > MAX_UNSTEADY:
            yield "landmarks unsure", f"{unsteady:.0f} per mille of the face apart, at most {MAX_UNSTEADY}"

    def unsteadiness(self, image: np.ndarray, face: Face) -> float:
        """How far the landmarks move, RMS in per mille of the face's size, when they are looked at from a bit aside."""
        where, worst = region(face.landmarks), 0.0
        for x, y, scale, angle in ASIDE:
            view = Region(where.centre + np.array([x, y]) * where.side, where.side * scale, where.angle + angle)
            again, _ = self.analyser.landmarker.look(image, view)
            worst = max(worst, np.square(again[:, :2] - face.landmarks[:, :2]).sum(1).mean())
        return 1000 * float(np.sqrt(worst)) / face.size
