"""Training batches: some identities, several targets for each, and the teacher's answers; made in worker processes.

A target is somebody else's picture, and the teacher's answer is taught; or one of the source's own identity, which is
to stay as it is; or of a *reverse pair* ("cycle triplet" in ReliableSwap, https://arxiv.org/abs/2306.05356): the
teacher puts somebody else's face on a picture X of the source's person, its painting is the target, and X, a real
picture, is taught. So the teacher's faults stand in the input and not in what is wanted.

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
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import paddle

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.augmentation import Augmentation
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.identity_cache import IdentityCache, worn
from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.teachers.teacher import Teacher
from paddle_mfs.utils.errors import UserError

BACKGROUND_MARGIN, CORE_MARGIN = 4, 12  # pixels at 224: outside the dilated oval, inside the eroded oval
CACHED = 2000  # faces at 224 a worker keeps ready, and more smaller ones: 1 GB


class Batch(NamedTuple):
    """G identities with K targets each, targets of an identity consecutive.

    sources (G,) int64: 2 * face index + mirrored; targets and taught (G*K, 3, S, S) uint8 RGB; background and core
    (G*K, 1, S, S) uint8 0/1: where the fusion mask must be shut and open; same (G*K,) uint8: target shows the source's
    identity; real (G*K,) uint8: taught is a real picture, the target itself or that of a reverse pair; seen (G,) int64:
    the sources as the encoder sees them, keys of data.identity_cache.
    """

    sources: np.ndarray
    targets: np.ndarray
    taught: np.ndarray
    background: np.ndarray
    core: np.ndarray
    same: np.ndarray
    real: np.ndarray
    seen: Any = None


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
        reverse: probability that a target is that of a reverse pair; X is another photo of the source's person where
            there is one, else the source's mirror image.
        glasses: indices of faces that wear some (data.glasses): a teacher smears them over the eyes of whom it puts the
            face on, so they are neither its sources nor an X; they stay targets.
        augmentation: what befalls target and taught picture alike; None: nothing.
        worn_sources: probability that the encoder sees the source in drawn spectacles; whom the result is to resemble
            is still the face without.
    Raises: UserError for `reverse` with a teacher that has only some pairs, or with faces of one person; when all faces
        that could be a source wear glasses.
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
        reverse: float = 0.0,
        glasses: Collection[int] = (),
        augmentation: Augmentation | None = None,
        worn_sources: float = 0.0,
    ):
        """More than seven parameters: each is a setting of its own."""
        self.crops = crops
        self.teacher: Any = teacher
        self.cache: Any = cache
        self.groups, self.targets, self.same_identity, self.seed = groups, targets, same_identity, seed
        self.reverse, self._glasses = reverse, frozenset(glasses)
        self.augmentation, self.worn_sources = augmentation or Augmentation(), worn_sources
        self.partners = teacher.partners(crops) if teacher else None
        self.sources: Sequence[int] = range(len(crops)) if self.partners is None else sorted(self.partners)
        if self._glasses:
            self.sources = [index for index in self.sources if index not in self._glasses]
        self._check()
        self._ready = functools.lru_cache(maxsize=CACHED * 224**2 // crops.size**2)(self._face)

    def _check(self):
        """Raises what the class says."""
        if not self.sources:
            raise UserError("data.glasses: names every face that the teacher can put on another; name fewer")
        if not self.reverse:
            return
        if self.partners is not None or self.teacher is None:
            raise UserError(
                f"data.reverse is {self.reverse}; it must be 0, as the answers are there already: reverse pairs want a "
                "teacher at work, which can put anybody's face on anybody"
            )
        first = set(self.crops.mates(self.sources[0]))
        if all(index in first for index in self.sources):
            raise UserError(
                f"data.reverse is {self.reverse}; it must be 0, as all sources in data.faces show one person: a "
                "reverse pair needs two"
            )

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
        targets, taught, background, core, same, real = (np.stack(column) for column in zip(*rows))
        shape = (len(rows), 1, *targets.shape[1:3])
        return Batch(
            np.array(sources, np.int64),
            targets.transpose(0, 3, 1, 2).copy(),
            taught.transpose(0, 3, 1, 2).copy(),
            background.reshape(shape),
            core.reshape(shape),
            same,
            real,
            np.array([self._seen(rng, source) for source in sources], np.int64),
        )

    def identities(self, batch: Batch) -> tuple[paddle.Tensor, ...]:
        """The sources of a Batch, as the encoder sees them -> (embedding (G, width) of unit length, feature (G,
        feature_width, 7, 7))."""
        return self.cache(batch.seen.tolist())

    def embeddings(self, batch: Batch) -> paddle.Tensor:
        """The embeddings (G, width), of unit length, of the sources of a Batch as they are."""
        return self.cache(batch.sources.tolist())[0]

    def examples(self, count: int) -> list[Example]:
        """`count` Examples, always the same ones of these faces: to watch a training by. Every third is a reverse pair,
        where there are any."""
        rng, found = random.Random(20220103), []
        for number in range(count):
            s = rng.choice(self.sources)
            source = self.crops.face(s)
            if self.reverse and number % 3 == 2:
                target, taught, *_ = self._reverse_row(rng, self._truth(rng, 2 * s))
            else:
                t = self.stranger(rng, s)
                target = self.crops.face(t).image
                taught, _ = self.teacher.swap(source, self.crops.face(t), keys=(2 * s, 2 * t))
            found.append(Example(source.image, target, taught, *self.cache([2 * s])))
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
            drawn = rng.random()
            same = drawn < self.same_identity
            if not same and drawn < self.same_identity + self.reverse:
                target = self._truth(rng, source)
                row = self._reverse_row(rng, target)
            else:
                target = self._photo(rng, source) if same else 2 * self.stranger(rng, index) + rng.randrange(2)
                row = self._row(source, target, same)
            rows.append(self._augmented(rng, target, row) if self.augmentation else row)
        return source, rows

    def _augmented(self, rng, key, row):
        """A row whose target lies in the frame of face `key`, with what befalls it; what covers the face is no part of
        the core in which the mask is to open."""
        target, taught, background, core, *kinds = row
        landmarks, random_state = self._ready(key)[0].landmarks, np.random.default_rng(rng.getrandbits(64))
        target, taught, covered = self.augmentation(target, taught, landmarks, random_state)
        return target, taught, background, core * ~covered.ravel(), *kinds

    def _seen(self, rng, source):
        """The key by which the encoder sees a source."""
        return worn(source, len(self.crops)) if self.worn_sources and rng.random() < self.worn_sources else source

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
        return face.image, taught, unpack(background), unpack(core), np.uint8(same), np.uint8(same)

    def _reverse_row(self, rng, x):
        """A row whose taught picture is X, face `x`, and whose target is X with another's face."""
        other = 2 * self._other_person(rng, x // 2) + rng.randrange(2)
        _, painted, *regions, same, _ = self._row(other, x, False)
        return painted, self._ready(x)[0].image, *regions, same, np.uint8(1)

    def _truth(self, rng, source):
        """Another photo of the source's person, without glasses, where there is one. Else the mirror image: a student
        that is shown the very pixels wanted could copy them from the source's features."""
        index = source // 2
        photos = [mate for mate in self.crops.mates(index) if mate != index and mate not in self._glasses]
        return 2 * rng.choice(photos) + rng.randrange(2) if photos else source ^ 1

    def _other_person(self, rng, index):
        """Index of a random source that shows somebody else than face `index`."""
        mates = self.crops.mates(index)
        while (other := rng.choice(self.sources)) in mates:
            pass
        return other


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
