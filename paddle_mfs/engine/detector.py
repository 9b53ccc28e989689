"""A small detector of swapped faces, to check a set of tools/make_forensics_set.py by: can it be learned from?

Logistic regression on how much of each frequency there is in a face, as in Frank et al. 2020, "Leveraging Frequency
Analysis for Deep Fake Image Recognition", https://arxiv.org/abs/2003.08685, by the blocks of JPEG.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from paddle_mfs.data.forensics import KIND
from paddle_mfs.data.ladder import decode
from paddle_mfs.data.shards import ShardReader
from paddle_mfs.metrics.auc import auc
from paddle_mfs.utils.errors import UserError

BLOCK = 8  # pixels
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)  # of the squared weights; the one that is best on the split "val" is used
STEPS = 30  # of Newton's method; it needs fewer than ten
_COSINES = np.array(
    [[np.cos(np.pi * k * (n + 0.5) / BLOCK) for n in range(BLOCK)] for k in range(BLOCK)], np.float32
) * np.float32((2 / BLOCK) ** 0.5)
_COSINES[0] *= np.float32(0.5**0.5)


def features(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mean over the face's 8 x 8 blocks of log(1 + |coefficient|) of their cosine transform -> (192,) float32: 64
    frequencies of Y, of Cr, of Cb.

    Args:
        image: (H, W, 3) uint8 RGB. landmarks: (468, 2) in its pixels; the blocks that touch their box are taken.
    """
    height, width = (side // BLOCK for side in image.shape[:2])
    blocks = cv2.cvtColor(image[: height * BLOCK, : width * BLOCK], cv2.COLOR_RGB2YCrCb).astype(np.float32)
    low = np.floor(landmarks.min(0) / BLOCK).astype(int).clip(0, (width - 1, height - 1))
    high = np.ceil(landmarks.max(0) / BLOCK).astype(int).clip(low + 1)
    blocks = blocks.reshape(height, BLOCK, width, BLOCK, 3)[low[1] : high[1], :, low[0] : high[0]]
    found = np.einsum("ki,aibjc,lj->abklc", _COSINES, blocks, _COSINES, optimize=True)
    return np.log1p(np.abs(found)).mean((0, 1)).transpose(2, 0, 1).ravel()


@dataclass
class Detector:
    """Scores features (..., k): larger for what looks swapped, the logit of its probability.

    mean, scale, weights: (k,) float64; bias: a number.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float

    def __call__(self, given: np.ndarray) -> np.ndarray:
        return (given - self.mean) / self.scale @ self.weights + self.bias


def fit(real: np.ndarray, fake: np.ndarray, penalty: float) -> Detector:
    """Logistic regression of as many real as fake features, (n, k) each, by Newton's method."""
    given = np.concatenate([real, fake]).astype(np.float64)
    mean, scale = given.mean(0), given.std(0) + 1e-6
    x = np.column_stack([(given - mean) / scale, np.ones(len(given))])
    y = np.repeat([0.0, 1.0], len(real))
    ridge = np.diag([penalty] * (x.shape[1] - 1) + [1e-9])
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        step = np.linalg.solve((x.T * (p * (1 - p))) @ x + ridge, x.T @ (p - y) + ridge @ beta)
        beta -= step
        if np.abs(step).max() < 1e-8:
            break
    return Detector(mean, scale, beta[:-1], float(beta[-1]))


@dataclass
class Sides:
    """Features of a split at one rung of the ladder: real and fake (n, 192), whose they are."""

    real: np.ndarray
    fake: np.ndarray
    people: list[str]


def read_split(folder: str | Path) -> dict[str, Sides]:
    """A split of a set, `folder`/shards -> {"png", "q95.jpg", ...: Sides}. Raises UserError, see `ShardReader`."""
    reader = ShardReader(folder, KIND)
    found: dict[str, tuple[list, list]] = {}
    people = []
    for number in range(len(reader)):
        record = reader.record(number)
        landmarks = np.load(io.BytesIO(record["landmarks.npy"]))
        people.append(json.loads(record["json"])["label"])
        for side, who in enumerate(("real.", "fake.")):
            for name in (name for name in record if name.startswith(who)):
                frames = decode(record[name], name)
                seen = [features(frame, landmarks - n) for n, frame in enumerate(frames)]  # see ladder.moved
                found.setdefault(name[len(who) :], ([], []))[side].append(np.mean(seen, 0))
    return {rung: Sides(np.stack(real), np.stack(fake), people) for rung, (real, fake) in found.items()}


def train_detector(folder: str | Path) -> dict[str, Any]:
    """Train on all rungs of the split "train", choose the penalty on "val", judge on "test", whose people are others.

    Args:
        folder: made by tools/make_forensics_set.py.
    Returns: {"penalty", "pairs" and "people" of each split, "auc": {rung: {"value", "low", "high"}}}.
    Raises: UserError when a split is missing, unfinished or empty.
    """
    for split in ("train", "val", "test"):
        if not (Path(folder) / split).is_dir():
            raise UserError(
                f"{folder}: has no split {split}; make it with tools/make_forensics_set.py, splits.{split} above 0"
            )
    train, val, test = (read_split(Path(folder) / split) for split in ("train", "val", "test"))
    real, fake = (np.concatenate([getattr(sides, side) for sides in train.values()]) for side in ("real", "fake"))
    detectors = {penalty: fit(real, fake, penalty) for penalty in PENALTIES}

    def judged(detector, split):
        return {rung: auc(detector(one.real), detector(one.fake), one.people) for rung, one in split.items()}

    def on_val(penalty):
        return np.mean([found["value"] for found in judged(detectors[penalty], val).values()])

    penalty = max(PENALTIES, key=on_val)
    people = [next(iter(split.values())).people for split in (train, val, test)]
    return {
        "features": len(real[0]),
        "penalty": penalty,
        "pairs": dict(zip(("train", "val", "test"), map(len, people))),
        "people": dict(zip(("train", "val", "test"), (len(set(one)) for one in people))),
        "auc": judged(detectors[penalty], test),
    }
