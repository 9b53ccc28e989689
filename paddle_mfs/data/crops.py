"""Aligned faces for training, all in memory: for a few thousand. `data.faces.ShardedFaces` is the same for any number.

A face's *label* is the folder it came from when the pictures lie in sub-folders (one a person), else its own name.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from paddle_mfs.data.aligned_face import SIZE, decode_crop, encode_crop, read_members, resized_face
from paddle_mfs.data.shards import ShardReader, is_set
from paddle_mfs.face.align import AlignedFace, aligned_face
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.formats import kind_by_name

MOST_IN_MEMORY = 20_000  # faces of a prepared set: 3 GB at 224 px


@dataclass
class Crops:
    """n aligned faces: images (n, S, S, 3) uint8 RGB, landmarks (n, 468, 2) float32 in crop pixels, their names.

    people: the label of each, where their names do not say it.
    """

    images: np.ndarray
    landmarks: np.ndarray
    names: list[str]
    people: list[str] | None = None

    def __len__(self):
        return len(self.names)

    @property
    def labels(self) -> list[str]:
        """Who each face shows."""
        return self.people or [str(Path(name).parent) if "/" in name else name for name in self.names]

    @cached_property
    def _by_label(self):
        members: dict[str, list[int]] = {}
        for index, label in enumerate(self.labels):
            members.setdefault(label, []).append(index)
        return [members[label] for label in self.labels]

    @property
    def size(self) -> int:
        """Crop side in pixels."""
        return self.images.shape[1]

    def face(self, index: int) -> AlignedFace:
        """image (S, S, 3) uint8 RGB, landmarks (468, 2) float32 in its pixels."""
        return AlignedFace(self.images[index], self.landmarks[index])

    def mates(self, index: int) -> list[int]:
        """Indices of all faces of the same label, `index` among them."""
        return self._by_label[index]

    def resized(self, size: int) -> Crops:
        """The same faces at another crop size (area resampling; pixel centres at integers)."""
        if size == self.size:
            return self
        images, landmarks = zip(*(resized_face(*self.face(index), size) for index in range(len(self))))
        return Crops(np.stack(images), np.stack(landmarks), self.names, self.people)


def find_pictures(folder: str | Path) -> list[Path]:
    """Picture files below `folder`, sorted.

    Raises UserError when there are none, and when a set of tools/prepare_data.py lies there: the pictures beside its
    shards are those it left out.
    """
    folder, found = Path(folder), []
    for place, _, names in os.walk(folder):
        if is_set(place):
            raise UserError(
                f"{folder}: holds the prepared set {place}, whose faces lie in shards; name {place} itself, "
                "or another folder of pictures"
            )
        found += [Path(place, name) for name in names if kind_by_name(name) == "picture"]
    if not found:
        raise UserError(f"{folder}: no pictures found there")
    return sorted(found)


def prepare(folder: str | Path, size: int = SIZE) -> Crops:
    """Detect and align the largest face of every picture below `folder` -> Crops.

    Pictures without a usable face are left out.
    """
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image

    folder, analyser = Path(folder), FaceAnalyser()
    images, landmarks, names = [], [], []
    for path in tqdm(find_pictures(folder), desc="aligning", unit="face"):
        try:
            image = read_image(path)
            face = analyser.largest(image, path)
        except UserError:
            continue
        crop, points = aligned_face(image, face, size)
        images.append(crop)
        landmarks.append(points)
        names.append(path.relative_to(folder).as_posix())
    if not names:
        raise UserError(f"{folder}: no picture there shows a usable face")
    return Crops(np.stack(images), np.stack(landmarks), names)


def save_crops(path: str | Path, crops: Crops) -> None:
    """Write a faces file (about 20 kB a face)."""
    jpegs = [encode_crop(image) for image in crops.images]
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            jpeg=np.frombuffer(b"".join(jpegs), np.uint8),
            lengths=np.array([len(jpeg) for jpeg in jpegs]),
            landmarks=crops.landmarks.astype(np.float16),
            names=np.array(crops.names),
            labels=np.array(crops.labels),
        )


def load_crops(path: str | Path, size: int = SIZE) -> Crops:
    """Read a prepared set or a faces file, or prepare a folder of pictures -> Crops at `size`.

    Raises UserError naming `path`; also for a set of more than 20,000 faces.
    """
    path = Path(path)
    if is_set(path):
        return _read_set(path, size)
    if path.is_dir():
        return prepare(path).resized(size)
    if not path.is_file():
        raise UserError(
            f"{path}: no such folder or file; make a folder of shards with tools/prepare_data.py, "
            "or name a folder of pictures"
        )
    return _read_file(path).resized(size)


def _read_set(folder, size):
    """The accepted faces of a prepared set."""
    reader = ShardReader(folder, "faces")
    if len(reader) > MOST_IN_MEMORY:
        raise UserError(
            f"{folder}: holds {len(reader)} faces, at most {MOST_IN_MEMORY} are read into memory; name a smaller set"
        )
    images, landmarks = np.empty((len(reader), size, size, 3), np.uint8), np.empty((len(reader), 468, 2), np.float32)
    facts = []
    for number in range(len(reader)):
        record = reader.record(number)
        images[number], landmarks[number] = resized_face(*read_members(record), size)
        facts.append(json.loads(record["json"]))
    return Crops(images, landmarks, [fact["file"] for fact in facts], [fact["label"] for fact in facts])


def _read_file(path):
    """What `save_crops` wrote."""
    try:
        with np.load(path) as stored:
            stops = np.cumsum(stored["lengths"])
            data, names = stored["jpeg"], [str(name) for name in stored["names"]]
            landmarks = stored["landmarks"].astype(np.float32)
            images = [decode_crop(data[stop - length : stop]) for stop, length in zip(stops, stored["lengths"])]
            people = [str(label) for label in stored["labels"]] if "labels" in stored else None
            return Crops(np.stack(images), landmarks, names, people)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise UserError(
            f"{path}: not a faces file ({type(error).__name__}); make a folder of shards with tools/prepare_data.py"
        ) from None
