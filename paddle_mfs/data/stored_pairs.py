"""Teacher's answers made beforehand, in shards: random pairs of a set of faces and what the teacher makes of them.

A record has the members `jpg`, the taught picture, which carries its provenance, and `json`: source and target, the numbers of
two faces. Pairs of one source lie together.
"""
import json
import random

import numpy as np
from tqdm import tqdm

from paddle_mfs import __version__
from paddle_mfs.data.crops import decode_crop, encode_crop, resized_face
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.pairs import Example, PairSampler
from paddle_mfs.data.parallel import ordered
from paddle_mfs.data.shards import ShardReader, ShardWriter
from paddle_mfs.engine.interrupt import StopRequest
from paddle_mfs.errors import UserError
from paddle_mfs.files import sha256
from paddle_mfs.provenance import picture_sha256, provenance, save_options
from paddle_mfs.teachers import create_teacher


def fingerprint(faces):
    """What tells a set of faces from another: the hash of its first shard's lines, which stay as they are when it grows."""
    return sha256(faces.reader.folder / "shards" / "00000.jsonl")


class PairMaker:
    """In a worker: makes the taught pictures of one source.

    Args:
        faces: folder of a set of faces; size: of the pictures; teacher: config section; targets: for each source; seed: the
            pairs are a function of (seed, number of the source).
    """

    def __init__(self, faces, size, teacher, targets, seed):
        self.faces, self.targets, self.seed = ShardedFaces(faces, size), targets, seed
        self.section, self.teacher = teacher, create_teacher(teacher["name"])

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
        raise UserError(f"{faces}: shows one person only; a pair needs two (add pictures, or prepare with --labels none)")
    settings = {"faces_sha256": fingerprint(known), "faces": len(known), "size": size, "teacher": dict(teacher),
                "targets": targets, "seed": seed}
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


class StoredPairs:
    """A set of pairs made by tools/make_pairs.py.

    Args:
        folder: of the set; faces: the ShardedFaces they were made from, at the size wanted.
    Raises: UserError, see `shards.ShardReader`; also when the pairs were made from other faces.
    """

    def __init__(self, folder, faces):
        self.reader, self.size = ShardReader(folder, "pairs"), faces.size
        if not isinstance(faces, ShardedFaces) or self.reader.card["settings"]["faces_sha256"] != fingerprint(faces):
            raise UserError(f"{folder}: was made from other faces than data.faces; name the folder of shards it was made from")

    def __len__(self):
        return len(self.reader)

    def pair(self, number):
        """(number of the source face, number of the target face, taught picture (size, size, 3) uint8 RGB)."""
        record = self.reader.record(number)
        facts = json.loads(record["json"])
        taught, _ = resized_face(decode_crop(record["jpg"]), np.zeros((0, 2), np.float32), self.size)
        return facts["source"], facts["target"], taught

    def mates(self, number):
        """Numbers of all pairs with the source of pair `number`."""
        return self.reader.mates(number)


class StoredPairSampler(PairSampler):
    """Batches of stored pairs; pair and mirror image of it are as likely. Targets of the source's own identity need no teacher.

    Args: those of PairSampler, after `pairs`: StoredPairs.
    """

    def __init__(self, pairs, crops, *arguments):
        super().__init__(crops, None, *arguments)
        self.pairs = pairs

    def examples(self, count):
        """See PairSampler."""
        pairs = [self.pairs.pair(int(number)) for number in np.linspace(0, len(self.pairs) - 1, count)]
        return [Example(self.crops.face(source)[0], self.crops.face(target)[0], taught, *self.cache([2 * source]))
                for source, target, taught in pairs]

    def _group(self, rng, face):
        first, flip = rng.randrange(len(self.pairs)), rng.randrange(2)
        source = 2 * self.pairs.pair(first)[0] + flip
        rows = []
        for _ in range(self.targets):
            if rng.random() < self.same_identity:
                rows.append(self._row(face, source, self._photo(rng, source), True))
            else:
                _, target, taught = self.pairs.pair(rng.choice(self.pairs.mates(first)))
                taught = np.ascontiguousarray(taught[:, ::-1]) if flip else taught
                rows.append(self._row(face, source, 2 * target + flip, False, taught))
        return source, rows
