"""A folder of pictures that some teacher made before: nothing is computed in training."""

import json
import zlib
from pathlib import Path

import numpy as np

from paddle_mfs.teachers.network import resized
from paddle_mfs.teachers.teacher import Teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import READABLE_PICTURES

BETWEEN = "__"


def face_name(name):
    """A face's part in the name of a pair: "ann/1.jpg" (as data.crops.Crops has it) -> "ann-1"."""
    return Path(name).with_suffix("").as_posix().replace("/", "-")


def pair_name(source, target):
    """File name without suffix of the picture that shows face `target` with the identity of face `source`."""
    return face_name(source) + BETWEEN + face_name(target)


def _checksum(image):
    return zlib.crc32(np.ascontiguousarray(image))


class FolderTeacher(Teacher):
    """Pictures `SOURCE__TARGET.png` (or .jpg, .webp) in a folder, see `pair_name`; each an aligned crop like the target's.

    `partners` tells which pairs there are and must be asked first: from then on `swap` knows the crops when it sees them.
    A target's mirror image is taught by the mirrored picture. A file licence.json in the folder, {"licence": "..."}, says
    whose pictures they are.
    """

    name = "folder"
    options = required = ("weights",)

    def __init__(self, weights):
        self.folder = Path(weights)
        if not self.folder.is_dir():
            raise UserError(f"teacher.weights: {weights}: no such folder; make one with tools/make_pairs.py")
        self.files = {
            path.stem: path for path in sorted(self.folder.rglob("*")) if path.suffix.lower() in READABLE_PICTURES
        }
        self.licence = self._licence()
        self._seen = {}  # checksum of a crop -> its name, and whether it is mirrored

    def _licence(self):
        card = self.folder / "licence.json"
        try:
            return (
                json.loads(card.read_text(encoding="utf-8"))["licence"]
                if card.is_file()
                else "that of what made the pictures"
            )
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError(f'{card}: not {{"licence": "..."}}; correct or remove it') from None

    def partners(self, crops):
        """See Teacher. Raises UserError when the folder has no picture of two of these faces, or when they are not in memory."""
        if not hasattr(crops, "images"):
            raise UserError(
                "data.faces: the folder teacher knows crops by their pixels and wants them in memory; name a folder "
                "of pictures, or make the pairs with tools/make_pairs.py and name them as data.pairs"
            )
        for image, name in zip(crops.images, crops.names):
            self._seen[_checksum(image)], self._seen[_checksum(image[:, ::-1])] = (name, False), (name, True)
        index, found = {face_name(name): number for number, name in enumerate(crops.names)}, {}
        for stem in self.files:
            source, _, target = stem.partition(BETWEEN)
            if source in index and target in index:
                found.setdefault(index[source], []).append(index[target])
        if not found:
            raise UserError(
                f"teacher.weights: {self.folder}: holds no picture of these faces, such as "
                f"{pair_name(crops.names[0], crops.names[-1])}.png; make them with tools/make_pairs.py"
            )
        return found

    def swap(self, source, source_landmarks, target, target_landmarks, geometry=None):
        from paddle_mfs.face.image import read_image

        (source_name, _), (target_name, is_mirrored) = (self._seen[_checksum(image)] for image in (source, target))
        name = pair_name(source_name, target_name)
        if name not in self.files:
            raise UserError(f"teacher.weights: {self.folder}: no picture {name}; make it with tools/make_pairs.py")
        image = resized(read_image(self.files[name]), target.shape[0])
        image = np.ascontiguousarray(image[:, ::-1]) if is_mirrored else image
        return image, np.ones(target.shape[:2], np.float32)
