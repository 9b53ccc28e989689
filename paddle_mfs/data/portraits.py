"""Whole pictures of people, read one by one: of a folder, or the crops of a prepared set."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from paddle_mfs.data.aligned_face import decode_crop
from paddle_mfs.data.crops import find_pictures
from paddle_mfs.data.shards import ShardReader, is_set
from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import is_result
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import printable, sha256
from paddle_mfs.utils.resources import find


class Portraits:
    """n pictures, none of which is held.

    Args:
        path: folder of pictures, searched recursively, or a set of tools/prepare_data.py.

    Attributes:
        names: of each. labels: who each shows: the folder where the pictures lie in sub-folders, else its own name; of
            a prepared set what that says.
    Raises: UserError for a path that is neither, or without pictures.
    """

    def __init__(self, path: str | Path):
        self.path = find(path)
        self._reader = ShardReader(self.path, "faces") if is_set(self.path) else None
        if self._reader:
            self.names, self.labels = self._reader.column("file"), self._reader.column("label")
            return
        if not self.path.is_dir():
            raise UserError(f"{path}: no such folder; name a folder of pictures or a set of tools/prepare_data.py")
        self._files = find_pictures(self.path)
        self.names = [printable(file.relative_to(self.path).as_posix()) for file in self._files]
        self.labels = [str(Path(name).parent) if "/" in name else name for name in self.names]

    def __len__(self):
        return len(self.names)

    def fingerprint(self) -> str:
        """Hex SHA-256 of names and labels."""
        return hashlib.sha256("\n".join(f"{a}\t{b}" for a, b in zip(self.names, self.labels)).encode()).hexdigest()

    def read(self, number: int) -> tuple[np.ndarray, str]:
        """(H, W, 3) uint8 RGB, and the hex SHA-256 of its bytes.

        Raises UserError for a picture that cannot be read, and for one in which a face was swapped: it is no original.
        """
        if self._reader:
            data = self._reader.record(number)["jpg"]
            return decode_crop(data), hashlib.sha256(data).hexdigest()
        file = self._files[number]
        image = read_image(file)
        if is_result(file):
            raise UserError(f"{file}: a face was swapped in it; give originals")
        return image, sha256(file)
