"""A teacher answers beforehand: random pairs of faces, and its pictures of them, into shards (`data.stored_pairs`)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from paddle_mfs.data.aligned_face import SIZE, encode_crop
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.glasses import wearers
from paddle_mfs.data.shards import CAPACITY, ShardWriter
from paddle_mfs.data.stored_pairs import fingerprint
from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.provenance import picture_sha256, provenance, save_options
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.interrupt import StopRequest
from paddle_mfs.version import __version__


@dataclass
class PairJob:
    """What to make.

    Args:
        faces: folder of a set of faces.
        output: folder of the set of pairs.
        teacher: a config's `teacher:` section.
        count: pairs to have in the end.
        targets: of each source.
        size: side of the pictures.
        seed: the pairs are a function of (seed, number of the source).
        capacity: pairs in a shard.
        workers: processes; 0: none but this one.
        glasses: None, or a list of faces that are no sources, see `glasses.wearers`.
    """

    faces: str | Path
    output: str | Path
    teacher: Mapping[str, Any]
    count: int
    targets: int = 4
    size: int = SIZE
    seed: int = 0
    capacity: int = CAPACITY
    workers: int = 1
    glasses: str | Path | None = None

    def settings(self, faces: ShardedFaces) -> dict[str, Any]:
        """What a set's records depend on; faces: those of the job."""
        return {
            "faces_sha256": fingerprint(faces),
            "faces": len(faces),
            "size": self.size,
            "teacher": dict(self.teacher),
            "targets": self.targets,
            "seed": self.seed,
            **({"glasses_sha256": sha256(self.glasses)} if self.glasses is not None else {}),
        }


class PairMaker:
    """In a worker: makes the taught pictures of one source of a PairJob."""

    def __init__(self, job: PairJob):
        self.job, self.faces = job, ShardedFaces(job.faces, job.size)
        self.teacher = create_teacher(job.teacher)
        if self.teacher.partners(self.faces) is not None:
            raise UserError(
                f"teacher.name: {job.teacher['name']}: its pictures are there already; train with it as it is"
            )
        self.glasses = wearers(job.glasses, self.faces) if job.glasses is not None else ()

    def __call__(self, number: int) -> tuple[int, list[tuple[int, bytes]]]:
        """-> (face number of the source, [(face number of a target, JPEG bytes)])."""
        rng = random.Random(f"{self.job.seed}/{number}")
        while (source := rng.randrange(len(self.faces))) in self.glasses:
            pass
        mates = set(self.faces.mates(source))
        answers: list[tuple[int, bytes]] = []
        while len(answers) < self.job.targets:
            target = rng.randrange(len(self.faces))
            if target not in mates:
                answers.append((target, self._taught(source, target)))
        return source, answers

    def _taught(self, source, target):
        a, b = self.faces.face(source), self.faces.face(target)
        image, _ = self.teacher.swap(a, b, keys=(2 * source, 2 * target))
        record = provenance(
            source_sha256=picture_sha256(a.image), target_sha256=picture_sha256(b.image), teacher=dict(self.job.teacher)
        )
        return encode_crop(image, **save_options("taught.jpg", record))


def make_pairs(job: PairJob) -> int:
    """Write a set of at least `job.count` pairs, or go on with one -> pairs in it.

    Ctrl-C finishes it with what is done.

    Raises: UserError, also for a set of faces that shows one person only.
    """
    known = ShardedFaces(job.faces)
    if job.glasses is not None:
        wearers(job.glasses, known)  # refused before anything is written
    if known.reader.card["labels"] < 2:
        raise UserError(
            f"{job.faces}: shows one person only; a pair needs two (add pictures, or prepare with --labels none)"
        )
    settings = job.settings(known)
    bar = tqdm(total=job.count, desc="teaching", unit="pair", disable=None)
    with ShardWriter(job.output, "pairs", settings, job.capacity) as writer, StopRequest() as stop, bar:
        bar.update(min(job.count, writer.count))

        def numbers():
            for number in range(writer.count // job.targets, -(-job.count // job.targets)):
                if stop.requested:
                    return
                yield number

        for source, answers in ordered(PairMaker, (job,), numbers(), job.workers):
            for target, jpeg in answers:
                facts = json.dumps({"source": source, "target": target}).encode()
                writer.add({"jpg": jpeg, "json": facts}, {"label": str(source), "source": source, "target": target})
            bar.update(len(answers))
            if writer.is_full:
                writer.commit()
        writer.finish(software=f"paddle_mfs {__version__}")
    if stop.requested:
        raise KeyboardInterrupt
    return writer.count
