"""Aligned faces for training, all in memory: for a few thousand. `data.faces.ShardedFaces` is the same for any number.

A face's *label* is the folder it came from when the pictures lie in sub-folders (one folder a person), else its own name.
"""

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from paddle_mfs.face.image import WRITERS
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.formats import READABLE_PICTURES

SIZE = 224


@dataclass
class Crops:
    """n aligned faces: images (n, S, S, 3) uint8 RGB, landmarks (n, 468, 2) float32 in crop pixels, names and labels."""

    images: np.ndarray
    landmarks: np.ndarray
    names: list[str]

    def __len__(self):
        return len(self.names)

    @property
    def labels(self):
        return [str(Path(name).parent) if "/" in name else name for name in self.names]

    @cached_property
    def _by_label(self):
        members = {}
        for index, label in enumerate(self.labels):
            members.setdefault(label, []).append(index)
        return [members[label] for label in self.labels]

    @property
    def size(self):
        """Crop side in pixels."""
        return self.images.shape[1]

    def face(self, index):
        """image (S, S, 3) uint8 RGB, landmarks (468, 2) float32 in its pixels."""
        return self.images[index], self.landmarks[index]

    def mates(self, index):
        """Indices of all faces of the same label, `index` among them."""
        return self._by_label[index]

    def resized(self, size):
        """The same faces at another crop size (area resampling; pixel centres at integers)."""
        if size == self.size:
            return self
        images, landmarks = zip(*(resized_face(*self.face(index), size) for index in range(len(self))))
        return Crops(np.stack(images), np.stack(landmarks), self.names)


def resized_face(image, landmarks, size):
    """A crop and its landmarks at another size (area resampling; pixel centres at integers)."""
    scale = np.float32(size / image.shape[0])
    if scale == 1:
        return image, landmarks
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), (
        landmarks + np.float32(0.5)
    ) * scale - np.float32(0.5)


def aligned_face(image, face, size):
    """The crop (size, size, 3) of a `Face` in `image` and its landmarks (468, 2) float32 in the crop's pixels."""
    from paddle_mfs.face.align import align
    from paddle_mfs.face.geometry import transform

    crop, matrix = align(image, face.five, size)
    return crop, transform(face.landmarks[:, :2], matrix).astype(np.float32)


def encode_crop(image, note=None, **options):
    """Crop (S, S, 3) uint8 RGB -> JPEG bytes (quality 95, 4:4:4: about 20 kB at 224). note: comment; options: of Pillow."""
    file = io.BytesIO()
    comment = {"comment": note.encode()} if note else {}
    Image.fromarray(image).save(file, **{**WRITERS[".jpg"], **comment, **options})
    return file.getvalue()


def decode_crop(data):
    """JPEG bytes -> (S, S, 3) uint8 RGB."""
    return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])


def find_pictures(folder):
    """Picture files below `folder`, sorted. Raises UserError when there are none."""
    folder = Path(folder)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in READABLE_PICTURES) if folder.is_dir() else []
    if not found:
        raise UserError(f"{folder}: no pictures ({', '.join(READABLE_PICTURES)}) found there")
    return found


def prepare(folder, size=SIZE, skipped=None):
    """Detect and align the largest face of every picture below `folder` -> Crops.

    Pictures without a usable face are left out; their one-line reasons are appended to `skipped`.
    """
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image

    folder, analyser = Path(folder), FaceAnalyser()
    images, landmarks, names = [], [], []
    for path in tqdm(find_pictures(folder), desc="aligning", unit="face"):
        try:
            image = read_image(path)
            face = analyser.largest(image, path)
        except UserError as error:
            (skipped if skipped is not None else []).append(str(error))
            continue
        crop, points = aligned_face(image, face, size)
        images.append(crop)
        landmarks.append(points)
        names.append(path.relative_to(folder).as_posix())
    if not names:
        raise UserError(f"{folder}: no picture there shows a usable face")
    return Crops(np.stack(images), np.stack(landmarks), names)


def save_crops(path, crops):
    """Write a faces file (about 20 kB a face)."""
    jpegs = [encode_crop(image) for image in crops.images]
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            jpeg=np.frombuffer(b"".join(jpegs), np.uint8),
            lengths=np.array([len(jpeg) for jpeg in jpegs]),
            landmarks=crops.landmarks.astype(np.float16),
            names=np.array(crops.names),
        )


def load_crops(path, size=SIZE):
    """Read a faces file, or prepare a folder of pictures -> Crops at `size`. Raises UserError naming `path`."""
    path = Path(path)
    if path.is_dir():
        return prepare(path).resized(size)
    if not path.is_file():
        raise UserError(
            f"{path}: no such folder or file; make a folder of shards with tools/prepare_data.py, "
            "or name a folder of pictures"
        )
    try:
        with np.load(path) as shard:
            stops = np.cumsum(shard["lengths"])
            data, landmarks, names = (
                shard["jpeg"],
                shard["landmarks"].astype(np.float32),
                [str(n) for n in shard["names"]],
            )
            images = np.stack(
                [decode_crop(data[stop - length : stop]) for stop, length in zip(stops, shard["lengths"])]
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise UserError(
            f"{path}: not a faces file ({type(error).__name__}); make a folder of shards with tools/prepare_data.py"
        ) from None
    return Crops(images, landmarks, names).resized(size)
