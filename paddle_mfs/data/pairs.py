"""Training batches: some identities, several targets for each, and the teacher's answers; made in worker processes.

Batches are numbered, and a batch is a function of the seed and its number alone: whichever process makes it, however
many there are, and wherever a run was resumed.

Why not `paddle.io.DataLoader` (Paddle 2.6.2, a data set of numbers and a batch sampler that counts): batches and their
order were the same and Ctrl-C was clean, but its workers outlive a parent that is killed, for ever, with their memory
in /dev/shm; an error in a worker is a stack trace of a thread and a SystemError without the reason; the death of a
worker raises out of a signal handler wherever the training happens to be; and nothing public ends it before the end
of its data. It was as fast: 114 ms a batch with one worker, against 117 here.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import paddle

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.teachers.teacher import Teacher

BACKGROUND_MARGIN, CORE_MARGIN = 4, 12  # pixels at 224: outside the dilated oval, inside the eroded oval
CACHED = 2000  # faces at 224 a worker keeps ready, and more smaller ones: 1 GB


class Batch(NamedTuple):
    """G identities with K targets each, targets of an identity consecutive.

    sources (G,) int64: 2 * face index + mirrored; targets and taught (G*K, 3, S, S) uint8 RGB; background and core
    (G*K, 1, S, S) uint8 0/1: where the fusion mask must be shut and open; same (G*K,) uint8: target shows the source's
    identity.
    """

    sources: np.ndarray
    targets: np.ndarray
    taught: np.ndarray
    background: np.ndarray
    core: np.ndarray
    same: np.ndarray


def supervised_regions(landmarks: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(background, core) of a crop, bool (S, S): beyond the oval dilated by 4 px, within it eroded by 12 px (at
    224)."""

    def odd(margin):
        return 2 * max(1, round(margin * size / 224)) + 1

    oval = oval_mask(landmarks, size, size)
    background = cv2.dilate(oval, np.ones((odd(BACKGROUND_MARGIN),) * 2, np.uint8)) == 0
    eroding = np.ones((odd(CORE_MARGIN),) * 2, np.uint8)
    core = cv2.erode(oval, eroding, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    return background, core


class Example(NamedTuple):
    """One pair to look at: uint8 RGB (S, S, 3) pictures and the source's identity, embedding (1, width), feature (1, C,
    7, 7)."""

    source: np.ndarray
    target: np.ndarray
    taught: np.ndarray
    embedding: paddle.Tensor
    feature: paddle.Tensor


class PairSampler:
    """Endless random batches.

    Args:
        crops: data.crops.Crops or data.faces.ShardedFaces at the training size.
        teacher: what answers; None in a subclass that has the answers.
        groups, targets: G and K.
        same_identity: probability that a target shows the source's identity (another photo of it where there is one,
            else the source itself); the taught image is then the target itself.
        seed: batches are a function of (seed, number).
        cache: data.identity_cache.IdentityCache of the same faces; only `identities` and `examples` need it.
    """

    def __init__(
        self,
        crops: Crops | ShardedFaces,
        teacher: Teacher | None,
        groups: int,
        targets: int,
        same_identity: float,
        seed: int = 0,
        cache: IdentityCache | None = None,
    ):
        self.crops = crops
        self.teacher: Any = teacher
        self.cache: Any = cache
        self.groups, self.targets, self.same_identity, self.seed = groups, targets, same_identity, seed
        self.partners = teacher.partners(crops) if teacher else None
        self.sources = range(len(crops)) if self.partners is None else sorted(self.partners)
        self._ready = functools.lru_cache(maxsize=CACHED * 224**2 // crops.size**2)(self._face)

    def __len__(self):
        return len(self.crops)

    def stream(self, start: int = 0) -> Iterator[Batch]:
        """Yield Batch number `start` and all after it, as numpy arrays."""
        return map(self.batch, itertools.count(start))

    def batch(self, number: int) -> Batch:
        """Batch `number`, as numpy arrays."""
        rng = random.Random(f"{self.seed}/{number}")
        sources, groups = zip(*(self._group(rng) for _ in range(self.groups)))
        rows = [row for group in groups for row in group]
        targets, taught, background, core, same = (np.stack(column) for column in zip(*rows))
        shape = (len(rows), 1, *targets.shape[1:3])
        return Batch(
            np.array(sources, np.int64),
            targets.transpose(0, 3, 1, 2).copy(),
            taught.transpose(0, 3, 1, 2).copy(),
            background.reshape(shape),
            core.reshape(shape),
            same,
        )

    def identities(self, batch: Batch) -> tuple[paddle.Tensor, ...]:
        """The sources of a Batch -> (embedding (G, width) of unit length, feature (G, feature_width, 7, 7))."""
        return self.cache(batch.sources.tolist())

    def examples(self, count: int) -> list[Example]:
        """`count` Examples, always the same ones of these faces: to watch a training by."""
        rng, found = random.Random(20220103), []
        for _ in range(count):
            s = rng.choice(self.sources)
            t = self.stranger(rng, s)
            source, target = self.crops.face(s), self.crops.face(t)
            taught, _ = self.teacher.swap(source, target, keys=(2 * s, 2 * t))
            found.append(Example(source.image, target.image, taught, *self.cache([2 * s])))
        return found

    def stranger(self, rng: random.Random, source: int) -> int:
        """Index of a random face that the teacher can put face `source` on."""
        return rng.randrange(len(self.crops)) if self.partners is None else rng.choice(self.partners[source])

    def _face(self, key):
        """Everything about face `key` = 2 * index + mirrored that does not depend on its partner."""
        face = self.crops.face(key // 2)
        if key % 2:
            face = mirrored(*face)
        size = face.image.shape[0]
        background, core = supervised_regions(face.landmarks, size)
        geometry = self.teacher.geometry(face.landmarks, size) if self.teacher else None
        return face, geometry, np.packbits(background), np.packbits(core)

    def _group(self, rng) -> tuple[int, list[tuple]]:
        """A random source and its rows of the batch -> (key of the source, [row])."""
        index = rng.choice(self.sources)
        source = 2 * index + rng.randrange(2)
        rows = []
        for _ in range(self.targets):
            same = rng.random() < self.same_identity
            target = self._photo(rng, source) if same else 2 * self.stranger(rng, index) + rng.randrange(2)
            rows.append(self._row(source, target, same))
        return source, rows

    def _photo(self, rng, source):
        """Another photo of the source's person where there is one, or the source itself."""
        twin = rng.choice(self.crops.mates(source // 2))
        return source if twin == source // 2 else 2 * twin + rng.randrange(2)

    def _row(self, source, target, same, taught=None):
        face, geometry, background, core = self._ready(target)
        size = face.image.shape[0]
        if same:
            taught = face.image
        elif taught is None:
            taught, _ = self.teacher.swap(self._ready(source)[0], face, geometry, (source, target))
        unpack = functools.partial(np.unpackbits, count=size * size)
        return face.image, taught, unpack(background), unpack(core), np.uint8(same)


def batches(
    sampler: PairSampler, workers: int = 1, start: int = 0, rank: int = 0, ranks: int = 1
) -> Generator[Batch, None, None]:
    """Yield Batch after Batch of paddle tensors: numbers start + rank, start + rank + ranks, ...

    Close it to end its workers.

    Args:
        sampler: has `batch(number)` like PairSampler.
        workers: forked processes that make them; 0: made in this process.
        rank, ranks: which of how many training processes this one is.
    Raises: what making a batch raises; UserError when a worker dies.
    """
    numbers = itertools.count(start + rank, ranks)
    with contextlib.closing(ordered(_maker, (sampler,), numbers, workers, "fork")) as made:
        for batch in made:
            yield Batch(*map(paddle.to_tensor, batch))


def _maker(sampler):
    return sampler.batch
