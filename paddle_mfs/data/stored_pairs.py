"""Teacher's answers made beforehand, in shards: random pairs of a set of faces and what the teacher makes of them.

A record has the members `jpg`, the taught picture, which carries its provenance, and `json`: source and target, the
numbers of two faces. Pairs of one source lie together.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.data.aligned_face import decode_crop, resized_face
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.pairs import Example, PairSampler
from paddle_mfs.data.shards import ShardReader
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256


def fingerprint(faces: ShardedFaces) -> str:
    """What tells a set of faces from another: the hash of its first shard's lines, which stay as they are when it
    grows."""
    return sha256(faces.reader.folder / "shards" / "00000.jsonl")


class StoredPairs:
    """A set of pairs made by tools/make_pairs.py.

    Args:
        folder: of the set; faces: the ShardedFaces they were made from, at the size wanted.
    Raises: UserError, see `shards.ShardReader`; also when the pairs were made from other faces.
    """

    def __init__(self, folder: str | Path, faces: Crops | ShardedFaces):
        self.reader, self.size = ShardReader(folder, "pairs"), faces.size
        if not isinstance(faces, ShardedFaces) or self.reader.card["settings"]["faces_sha256"] != fingerprint(faces):
            raise UserError(
                f"{folder}: was made from other faces than data.faces; name the folder of shards it was made from"
            )

    def __len__(self):
        return len(self.reader)

    def pair(self, number: int) -> tuple[int, int, np.ndarray]:
        """(number of the source face, number of the target face, taught picture (size, size, 3) uint8 RGB)."""
        record = self.reader.record(number)
        facts = json.loads(record["json"])
        taught, _ = resized_face(decode_crop(record["jpg"]), np.zeros((0, 2), np.float32), self.size)
        return facts["source"], facts["target"], taught

    def mates(self, number: int) -> list[int]:
        """Numbers of all pairs with the source of pair `number`."""
        return self.reader.mates(number)


class StoredPairSampler(PairSampler):
    """Batches of stored pairs; pair and mirror image of it are as likely.

    Targets of the source's own identity need no teacher.

    Args: those of PairSampler, after `pairs`: StoredPairs.
    """

    def __init__(self, pairs: StoredPairs, crops: Crops | ShardedFaces, *arguments: Any):
        super().__init__(crops, None, *arguments)
        self.pairs = pairs

    def examples(self, count: int) -> list[Example]:
        """See PairSampler."""
        pairs = [self.pairs.pair(int(number)) for number in np.linspace(0, len(self.pairs) - 1, count)]
        return [
            Example(self.crops.face(source)[0], self.crops.face(target)[0], taught, *self.cache([2 * source]))
            for source, target, taught in pairs
        ]

    def _group(self, rng: random.Random):
        first, flip = rng.randrange(len(self.pairs)), rng.randrange(2)
        source = 2 * self.pairs.pair(first)[0] + flip
        rows = []
        for _ in range(self.targets):
            if rng.random() < self.same_identity:
                rows.append(self._row(source, self._photo(rng, source), True))
            else:
                _, target, taught = self.pairs.pair(rng.choice(self.pairs.mates(first)))
                taught = np.ascontiguousarray(taught[:, ::-1]) if flip else taught
                rows.append(self._row(source, 2 * target + flip, False, taught))
        return source, rows
