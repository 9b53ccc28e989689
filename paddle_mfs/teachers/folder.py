"""A folder of pictures that some teacher made before: nothing is computed in training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.image import read_image
from paddle_mfs.teachers.network import resized
from paddle_mfs.teachers.teacher import NamedFaces, Teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_by_name

BETWEEN = "__"


def face_name(name: str) -> str:
    """A face's part in the name of a pair: "ann/1.jpg" (as the faces have it) -> "ann-1"."""
    path = Path(name)
    path = path.with_suffix("") if kind_by_name(path) == "picture" else path
    return path.as_posix().replace("/", "-")


def pair_name(source: str, target: str) -> str:
    """File name without suffix of the picture that shows face `target` with the identity of face `source`."""
    return face_name(source) + BETWEEN + face_name(target)


class FolderTeacher(Teacher):
    """Pictures `SOURCE__TARGET.png` (or .jpg, .webp) in a folder, see `pair_name`; each a crop like the target's.

    `partners` tells which pairs there are and must be asked first: from then on `swap` finds their pictures by `keys`.
    A target's mirror image is taught by the mirrored picture. A file licence.json in the folder, {"licence": "..."},
    says whose pictures they are.
    """

    name = "folder"
    options = required = ("weights",)

    def __init__(self, weights: str | Path):
        self.folder = Path(weights)
        if not self.folder.is_dir():
            raise UserError(
                f"teacher.weights: {weights}: no such folder; name one of pictures SOURCE{BETWEEN}TARGET.png "
                "(docs/teachers.md)"
            )
        self.files = {path.stem: path for path in sorted(self.folder.rglob("*")) if kind_by_name(path) == "picture"}
        self.licence = self._licence()
        self._pictures: dict[tuple[int, int], Path] = {}

    def _licence(self):
        card = self.folder / "licence.json"
        if not card.is_file():
            return "that of what made the pictures"
        try:
            return json.loads(card.read_text(encoding="utf-8"))["licence"]
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError(f'{card}: not {{"licence": "..."}}; correct or remove it') from None

    def partners(self, faces: NamedFaces) -> dict[int, list[int]]:
        """See Teacher. Raises UserError when the folder has no picture of two of these faces."""
        names = faces.names
        index = {face_name(name): number for number, name in enumerate(names)}
        found: dict[int, list[int]] = {}
        for stem, path in self.files.items():
            source, _, target = stem.partition(BETWEEN)
            if source in index and target in index:
                pair = index[source], index[target]
                self._pictures[pair] = path
                found.setdefault(pair[0], []).append(pair[1])
        if not found:
            raise UserError(
                f"teacher.weights: {self.folder}: holds no picture of these faces, such as "
                f"{pair_name(names[0], names[-1])}.png; name its pictures so, or as data.faces the faces they show"
            )
        return found

    def swap(
        self,
        source: AlignedFace,
        target: AlignedFace,
        geometry: Any = None,
        keys: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """See Teacher. Raises UserError for a pair that `partners` did not name."""
        path = self._pictures.get((keys[0] // 2, keys[1] // 2)) if keys else None
        if path is None:
            raise UserError(f"teacher.weights: {self.folder}: has no picture of this pair; ask it for its own pairs")
        size = target.image.shape[0]
        image = resized(read_image(path), size)
        is_mirrored = keys is not None and keys[1] % 2
        return np.ascontiguousarray(image[:, ::-1]) if is_mirrored else image, np.ones((size, size), np.float32)
