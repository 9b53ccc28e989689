"""Aligned faces for training, in one `.npz` shard: JPEG crops, landmarks in the crop's pixels, names.

A face's *label* is the folder it came from when the pictures lie in sub-folders (one folder a person), else its own name.
"""
from dataclasses import dataclass
from pathlib import Path
from typing import List

import cv2
import numpy as np
from tqdm import tqdm

from paddle_mfs.errors import UserError
from paddle_mfs.files import atomic_path

SIZE = 224
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass
class Crops:
    """n aligned faces: images (n, S, S, 3) uint8 RGB, landmarks (n, 468, 2) float32 in crop pixels, names and labels."""
    images: np.ndarray
    landmarks: np.ndarray
    names: List[str]

    def __len__(self):
        return len(self.names)

    @property
    def labels(self):
        return [str(Path(name).parent) if "/" in name else name for name in self.names]

    def resized(self, size):
        """The same faces at another crop size (area resampling; pixel centres at integers)."""
        scale = size / self.images.shape[1]
        if scale == 1:
            return self
        images = np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in self.images])
        return Crops(images, (self.landmarks + 0.5) * scale - 0.5, self.names)


def find_pictures(folder):
    """Picture files below `folder`, sorted. Raises UserError when there are none."""
    folder = Path(folder)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES) if folder.is_dir() else []
    if not found:
        raise UserError(f"{folder}: no pictures ({', '.join(sorted(PICTURES))}) found there")
    return found


def prepare(folder, size=SIZE, skipped=None):
    """Detect and align the largest face of every picture below `folder` -> Crops.

    Pictures without a usable face are left out; their one-line reasons are appended to `skipped`.
    """
    from paddle_mfs.face.align import align
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
        crop, matrix = align(image, face.five, size)
        images.append(crop)
        landmarks.append(face.landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2])
        names.append(path.relative_to(folder).as_posix())
    if not names:
        raise UserError(f"{folder}: no picture there shows a usable face")
    return Crops(np.stack(images), np.stack(landmarks).astype(np.float32), names)


def save_crops(path, crops, quality=95):
    """Write a shard (about 20 kB a face)."""
    jpegs = np.empty(len(crops), object)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    jpegs[:] = [cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes() for image in crops.images]
    lengths = np.array([len(jpeg) for jpeg in jpegs])
    with atomic_path(path) as temporary:
        np.savez(temporary, jpeg=np.frombuffer(b"".join(jpegs), np.uint8), lengths=lengths,
                 landmarks=crops.landmarks.astype(np.float16), names=np.array(crops.names))


def load_crops(path, size=SIZE):
    """Read a shard, or prepare a folder of pictures -> Crops at `size`. Raises UserError naming `path`."""
    path = Path(path)
    if path.is_dir():
        return prepare(path).resized(size)
    if not path.is_file():
        raise UserError(f"{path}: no such faces file; make one with tools/prepare_faces.py, or name a folder of pictures")
    try:
        with np.load(path) as shard:
            stops = np.cumsum(shard["lengths"])
            data, landmarks, names = shard["jpeg"], shard["landmarks"].astype(np.float32), [str(n) for n in shard["names"]]
            images = np.stack([cv2.imdecode(data[stop - length:stop], cv2.IMREAD_COLOR)[..., ::-1]
                               for stop, length in zip(stops, shard["lengths"])])
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise UserError(f"{path}: not a faces file ({type(error).__name__}); make it again with tools/prepare_faces.py") from None
    return Crops(images, landmarks, names).resized(size)
