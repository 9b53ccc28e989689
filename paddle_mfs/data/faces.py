"""Faces to train on that stay on disk: crop and landmarks of each in a set of shards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paddle_mfs.data.aligned_face import SIZE, read_members, resized_face
from paddle_mfs.data.crops import Crops, load_crops
from paddle_mfs.data.shards import ShardReader, is_set
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.utils.resources import find


class ShardedFaces:
    """n aligned faces on disk, like `crops.Crops` to those who use them; nothing but the index is held.

    A record has the members `jpg` (S, S, 3), `landmarks.npy` (468, 2) float16 in crop pixels and `json`: file, label
    and what was measured. Sets of earlier versions have an `embedding.npy` besides, which nothing reads.

    Args:
        folder: made by tools/prepare_data.py.
        size: crop side; None: as stored.
    Raises: UserError, see `shards.ShardReader`.
    """

    def __init__(self, folder: str | Path, size: int | None = None):
        self.reader = ShardReader(folder, "faces")
        self.size: int = size or self.reader.card["settings"]["size"]

    def __len__(self):
        return len(self.reader)

    @property
    def names(self) -> list[str]:
        """The file each face is from. It and `labels` are read when they are asked for: they grow with the set."""
        return self.reader.column("file")

    @property
    def labels(self) -> list[str]:
        """Who each face shows."""
        return self.reader.column("label")

    def face(self, index: int) -> AlignedFace:
        """image (size, size, 3) uint8 RGB, landmarks (468, 2) float32 in its pixels."""
        return resized_face(*read_members(self.reader.record(index)), self.size)

    def facts(self, index: int) -> dict[str, Any]:
        """The record's JSON: file, label, what was measured."""
        return json.loads(self.reader.record(index)["json"])

    def mates(self, index: int) -> list[int]:
        """Indices of all faces of the same person, `index` among them."""
        return self.reader.mates(index)

    def resized(self, size: int) -> ShardedFaces:
        """The same faces at another crop size."""
        return ShardedFaces(self.reader.folder, size)


def load_faces(path: str | Path, size: int = SIZE) -> Crops | ShardedFaces:
    """The faces `path` names, at `size`: ShardedFaces of a folder of shards, else `crops.load_crops`."""
    path = find(path)
    return ShardedFaces(path, size) if is_set(path) else load_crops(path, size)
