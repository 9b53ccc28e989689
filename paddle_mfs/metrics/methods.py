"""The methods that are compared: who makes a picture of a source and a target, and what it is made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from paddle_mfs.face.geometry import warp
from paddle_mfs.face.image import read_image
from paddle_mfs.metrics.crop import MEASURED_SIZE, Crop
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.swap.change import AS_IT_IS, pasted
from paddle_mfs.teachers.folder import pair_name
from paddle_mfs.teachers.teacher import Teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_by_name


class Result(NamedTuple):
    """What a method made of a target: its crop, (224, 224, 3) uint8 RGB in the target's frame, and its whole picture,
    (H, W, 3) uint8 RGB of the size of the target's."""

    image: np.ndarray
    picture: np.ndarray


class Method(NamedTuple):
    """`facts` for the report, and `make`: (source, target, their files) -> Result. `make` raises UserError where there
    is no result."""

    facts: dict[str, Any]
    make: Callable[[Crop, Crop, tuple[Path, Path]], Result]


def no_swap() -> Method:
    """The target as it is: what a swap starts from."""
    return Method({"kind": "no swap"}, lambda source, target, files: Result(target.image, target.photo))


def by_network(swap: NetworkSwap) -> Method:
    """A MobileFaceSwap network. Its crop is what a swap makes of a picture that is just this crop."""

    def make(source, target, files):
        face = swap(source, target)
        return Result(
            pasted(target.image, AS_IT_IS, target.image, face),
            pasted(target.photo, target.matrix, target.image, face),
        )

    return Method({"kind": "network", **swap.facts}, make)


def by_teacher(teacher: Teacher, **facts: Any) -> Method:
    """A teacher (teachers/), whose crop goes into the target's picture as a network's does."""

    def make(source, target, files):
        image = teacher.swap(source.face, target.face)[0]
        face = image.astype(np.float32) / np.float32(255)
        return Result(image, pasted(target.photo, target.matrix, target.image, face))

    return Method({"kind": f"{teacher.name} teacher", **facts}, make)


def by_folder(folder: str | Path) -> Method:
    """Pictures that something else made before, SOURCE__TARGET.png (or .jpg, ...) by the names of the files, or
    TARGET.png where no such file is there; each of its target's size. Raises UserError when there is no such folder."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"--method folder:{folder}: no such folder; name one of pictures SOURCE__TARGET.png")
    found = {path.stem: path for path in sorted(folder.iterdir()) if kind_by_name(path) == "picture"}
    if not found:
        raise UserError(f"--method folder:{folder}: holds no pictures; put SOURCE__TARGET.png there, one a pair")

    def make(source, target, files):
        name = pair_name(files[0].name, files[1].name)
        path = found.get(name) or found.get(files[1].stem)
        if path is None:
            raise UserError(f"{folder / name}.png: not there")
        picture = read_image(path)
        if picture.shape != target.photo.shape:
            sizes = [f"{image.shape[1]} x {image.shape[0]}" for image in (picture, target.photo)]
            raise UserError(f"{path}: is {sizes[0]}, its target {files[1].name} {sizes[1]}; they must be of one size")
        image = warp(picture, target.matrix, (MEASURED_SIZE,) * 2, cv2.INTER_CUBIC, cv2.BORDER_REFLECT)  # as `align`
        return Result(image, picture)

    return Method({"kind": "folder", "folder": folder.name}, make)
