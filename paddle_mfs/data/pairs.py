"""Training batches: some identities, several targets for each, and the teacher's answers; made in worker processes.

Batches are numbered, and a batch is a function of the seed and its number alone: whichever process makes it, however many
there are, and wherever a run was resumed.
"""

import functools
import itertools
import multiprocessing
import os
import queue
import random
import signal
from typing import NamedTuple

import cv2
import numpy as np
import paddle

from paddle_mfs.face.regions import oval_mask
from paddle_mfs.utils.errors import UserError

BACKGROUND_MARGIN, CORE_MARGIN = 4, 12  # pixels at 224: outside the dilated oval, inside the eroded oval
CACHED = 2000  # faces at 224 a worker keeps ready, and more smaller ones: 1 GB


class Batch(NamedTuple):
    """G identities with K targets each, targets of an identity consecutive.

    sources (G,) int64: 2 * face index + mirrored; targets and taught (G*K, 3, S, S) uint8 RGB; background and core
    (G*K, 1, S, S) uint8 0/1: where the fusion mask must be shut and open; same (G*K,) uint8: target shows the source's identity.
    """

    sources: np.ndarray
    targets: np.ndarray
    taught: np.ndarray
    background: np.ndarray
    core: np.ndarray
    same: np.ndarray


def supervised_regions(landmarks, size):
    """(background, core) of a crop, bool (S, S): beyond the oval dilated by 4 px, within the oval eroded by 12 px (at 224)."""

    def odd(margin):
        return 2 * max(1, round(margin * size / 224)) + 1

    oval = oval_mask(landmarks, size, size)
    background = cv2.dilate(oval, np.ones((odd(BACKGROUND_MARGIN),) * 2, np.uint8)) == 0
    core = (
        cv2.erode(oval, np.ones((odd(CORE_MARGIN),) * 2, np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    )
    return background, core


def mirrored(image, landmarks):
    """The mirror image of a crop and its landmarks' places (their indices keep naming the original side)."""
    flipped = landmarks.copy()
    flipped[:, 0] = image.shape[1] - 1 - landmarks[:, 0]
    return np.ascontiguousarray(image[:, ::-1]), flipped


class Example(NamedTuple):
    """One pair to look at: uint8 RGB (S, S, 3) pictures and the source's identity, embedding (1, width), feature (1, C, 7, 7)."""

    source: np.ndarray
    target: np.ndarray
    taught: np.ndarray
    embedding: paddle.Tensor
    feature: paddle.Tensor


class PairSampler:
    """Endless random batches.

    Args:
        crops: data.crops.Crops or data.faces.ShardedFaces at the training size.
        teacher: a teachers.teacher.Teacher.
        groups, targets: G and K.
        same_identity: probability that a target shows the source's identity (another photo of it where there is one,
            else the source itself); the taught image is then the target itself.
        seed: batches are a function of (seed, number).
        cache: data.identities.IdentityCache of the same faces; only `identities` and `examples` need it.
    """

    def __init__(self, crops, teacher, groups, targets, same_identity, seed=0, cache=None):
        self.crops, self.teacher, self.cache = crops, teacher, cache
        self.groups, self.targets, self.same_identity, self.seed = groups, targets, same_identity, seed
        self.partners = teacher and teacher.partners(crops)
        self.sources = range(len(crops)) if self.partners is None else sorted(self.partners)

    def __len__(self):
        return len(self.crops)

    def stream(self, worker=0, workers=1, start=0):
        """Yield Batch number start + worker, then every `workers`-th after it, as numpy arrays."""
        face = functools.lru_cache(maxsize=CACHED * 224**2 // self.crops.size**2)(self._face)
        for number in itertools.count(start + worker, workers):
            yield self._batch(random.Random(f"{self.seed}/{number}"), face)

    def identities(self, batch):
        """The sources of a Batch -> (embedding (G, width) of unit length, feature (G, feature_width, 7, 7))."""
        return self.cache(batch.sources.tolist())

    def examples(self, count):
        """`count` Examples, always the same ones of these faces: to watch a training by."""
        rng, found = random.Random(20220103), []
        for _ in range(count):
            s = rng.choice(self.sources)
            t = self.stranger(rng, s)
            (source, source_landmarks), (target, landmarks) = self.crops.face(s), self.crops.face(t)
            taught, _ = self.teacher.swap(source, source_landmarks, target, landmarks)
            found.append(Example(source, target, taught, *self.cache([2 * s])))
        return found

    def stranger(self, rng, source):
        """Index of a random face that the teacher can put face `source` on."""
        return rng.randrange(len(self.crops)) if self.partners is None else rng.choice(self.partners[source])

    def _face(self, key):
        """Everything about face `key` = 2 * index + mirrored that does not depend on its partner."""
        image, landmarks = self.crops.face(key // 2)
        if key % 2:
            image, landmarks = mirrored(image, landmarks)
        size = image.shape[0]
        background, core = supervised_regions(landmarks, size)
        geometry = self.teacher and self.teacher.geometry(landmarks, size)
        return image, landmarks, geometry, np.packbits(background), np.packbits(core)

    def _batch(self, rng, face):
        sources, groups = zip(*(self._group(rng, face) for _ in range(self.groups)))
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

    def _group(self, rng, face):
        """A random source and its rows of the batch -> (key of the source, [row])."""
        index = rng.choice(self.sources)
        source = 2 * index + rng.randrange(2)
        rows = []
        for _ in range(self.targets):
            same = rng.random() < self.same_identity
            target = self._photo(rng, source) if same else 2 * self.stranger(rng, index) + rng.randrange(2)
            rows.append(self._row(face, source, target, same))
        return source, rows

    def _photo(self, rng, source):
        """Another photo of the source's person where there is one, or the source itself."""
        twin = rng.choice(self.crops.mates(source // 2))
        return source if twin == source // 2 else 2 * twin + rng.randrange(2)

    def _row(self, face, source, target, same, taught=None):
        image, landmarks, geometry, background, core = face(target)
        size = image.shape[0]
        if same:
            taught = image
        elif taught is None:
            source_image, source_landmarks, *_ = face(source)
            taught, _ = self.teacher.swap(source_image, source_landmarks, image, landmarks, geometry)
        unpack = functools.partial(np.unpackbits, count=size * size)
        return image, taught, unpack(background), unpack(core), np.uint8(same)


def _work(sampler, worker, workers, start, results):
    """A worker process: put batches into the queue until it is ended, or its parent is gone. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Paddle's handler would print a stack trace
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a parent in training holds signals back
    results.cancel_join_thread()
    parent = os.getppid()
    for batch in sampler.stream(worker, workers, start):
        while os.getppid() == parent:
            try:
                results.put(tuple(batch), timeout=5)
                break
            except queue.Full:
                continue
        else:
            return


def batches(sampler, workers=1, start=0, rank=0, ranks=1):
    """Yield Batch after Batch of paddle tensors: numbers start + rank, start + rank + ranks, ... Close it to end its workers.

    Args:
        sampler: has `stream(worker, workers, start)` like PairSampler.
        workers: forked processes that make them, each every so many batches; 0: made in this process.
        rank, ranks: which of how many training processes this one is.
    """
    if not workers:
        for batch in sampler.stream(rank, ranks, start):
            yield Batch(*map(paddle.to_tensor, batch))
    context = multiprocessing.get_context("fork")
    queues = [context.Queue(maxsize=4) for _ in range(workers)]
    processes = [
        context.Process(
            target=_work, daemon=True, args=(sampler, rank + worker * ranks, workers * ranks, start, results)
        )
        for worker, results in enumerate(queues)
    ]
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # a forked child waits for ever for the threads of its parent's OpenCV: there must be none
    for process in processes:
        process.start()
    cv2.setNumThreads(threads)
    try:
        for process, results in itertools.cycle(zip(processes, queues)):
            yield Batch(*map(paddle.to_tensor, _next(process, results)))
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _next(process, results):
    """The next batch a worker has made. Raises UserError when the worker has died."""
    while True:
        try:
            return results.get(timeout=10)
        except queue.Empty:
            if not process.is_alive():
                raise UserError(
                    "a process that makes batches has died; see its message above, or lower data.workers "
                    "if memory ran out"
                ) from None
