"""Faces to train on that stay on disk: crop, landmarks and identity embedding of each in a set of shards."""

import io
import json

import numpy as np

from paddle_mfs.data.crops import SIZE, decode_crop, encode_crop, load_crops, resized_face
from paddle_mfs.data.shards import ShardReader, is_set


def face_members(crop, landmarks, embedding, facts, note=None):
    """The members of one record, see `ShardedFaces`. note: text for the picture's comment."""
    return {
        "jpg": encode_crop(crop, note),
        "landmarks.npy": _npy(landmarks),
        "embedding.npy": _npy(embedding),
        "json": json.dumps(facts, ensure_ascii=False).encode(),
    }


def _npy(array):
    file = io.BytesIO()
    np.save(file, np.asarray(array, np.float16))
    return file.getvalue()


class ShardedFaces:
    """n aligned faces on disk, like `crops.Crops` to those who use them; nothing but the index is held.

    A record has the members `jpg` (S, S, 3), `landmarks.npy` (468, 2) float16 in crop pixels, `embedding.npy` (E,) float16 of
    unit length from the encoder that set.json names, and `json`: file, label and what was measured.

    Args:
        folder: made by tools/prepare_data.py.
        size: crop side; None: as stored.
    Raises: UserError, see `shards.ShardReader`.
    """

    def __init__(self, folder, size=None):
        self.reader = ShardReader(folder, "faces")
        self.size = size or self.reader.card["settings"]["size"]

    def __len__(self):
        return len(self.reader)

    def face(self, index):
        """image (size, size, 3) uint8 RGB, landmarks (468, 2) float32 in its pixels."""
        record = self.reader.record(index)
        landmarks = np.load(io.BytesIO(record["landmarks.npy"])).astype(np.float32)
        return resized_face(decode_crop(record["jpg"]), landmarks, self.size)

    def embedding(self, index):
        """(E,) float32."""
        return np.load(io.BytesIO(self.reader.record(index)["embedding.npy"])).astype(np.float32)

    def facts(self, index):
        """The record's JSON: file, label, what was measured."""
        return json.loads(self.reader.record(index)["json"])

    def mates(self, index):
        """Indices of all faces of the same person, `index` among them."""
        return self.reader.mates(index)

    def resized(self, size):
        """The same faces at another crop size."""
        return ShardedFaces(self.reader.folder, size)


def load_faces(path, size=SIZE):
    """The faces `path` names, at `size`: ShardedFaces of a folder of shards, else `crops.load_crops`."""
    return ShardedFaces(path, size) if is_set(path) else load_crops(path, size)
