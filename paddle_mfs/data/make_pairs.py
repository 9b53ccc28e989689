"""A teacher answers beforehand: random pairs of a set of faces, and its pictures of them, into shards (`data.stored_pairs`)."""

import json
import random

from tqdm import tqdm

from paddle_mfs.data.crops import encode_crop
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.parallel import ordered
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.data.stored_pairs import fingerprint
from paddle_mfs.provenance import picture_sha256, provenance, save_options
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.interrupt import StopRequest
from paddle_mfs.version import __version__


class PairMaker:
    """In a worker: makes the taught pictures of one source.

    Args:
        faces: folder of a set of faces; size: of the pictures; teacher: config section; targets: for each source; seed: the
            pairs are a function of (seed, number of the source).
    """

    def __init__(self, faces, size, teacher, targets, seed):
        self.faces, self.targets, self.seed = ShardedFaces(faces, size), targets, seed
        self.section, self.teacher = teacher, create_teacher(teacher)

    def __call__(self, number):
        """-> (face number of the source, [(face number of a target, JPEG bytes)])."""
        rng = random.Random(f"{self.seed}/{number}")
        source = rng.randrange(len(self.faces))
        mates = set(self.faces.mates(source))
        answers = []
        while len(answers) < self.targets:
            target = rng.randrange(len(self.faces))
            if target not in mates:
                answers.append((target, self._taught(source, target)))
        return source, answers

    def _taught(self, source, target):
        (a, a_landmarks), (b, b_landmarks) = self.faces.face(source), self.faces.face(target)
        image, _ = self.teacher.swap(a, a_landmarks, b, b_landmarks)
        record = provenance(source_sha256=picture_sha256(a), target_sha256=picture_sha256(b), teacher=self.section)
        return encode_crop(image, **save_options("taught.jpg", record))


def make_pairs(faces, output, teacher, count, targets=4, size=224, seed=0, capacity=1000, workers=1):
    """Write a set of at least `count` pairs, or go on with one -> pairs in it. Ctrl-C finishes it with what is done.

    Args: see `PairMaker`, `shards.ShardWriter` and `parallel.ordered`.
    Raises: UserError, also for a set of faces that shows one person only.
    """
    known = ShardedFaces(faces)
    if known.reader.card["labels"] < 2:
        raise UserError(
            f"{faces}: shows one person only; a pair needs two (add pictures, or prepare with --labels none)"
        )
    settings = {
        "faces_sha256": fingerprint(known),
        "faces": len(known),
        "size": size,
        "teacher": dict(teacher),
        "targets": targets,
        "seed": seed,
    }
    bar = tqdm(total=count, desc="teaching", unit="pair", disable=None)
    with ShardWriter(output, "pairs", settings, capacity) as writer, StopRequest() as stop, bar:
        bar.update(min(count, writer.count))

        def numbers():
            for number in range(writer.count // targets, -(-count // targets)):
                if stop.requested:
                    return
                yield number

        for source, answers in ordered(PairMaker, (faces, size, dict(teacher), targets, seed), numbers(), workers):
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
