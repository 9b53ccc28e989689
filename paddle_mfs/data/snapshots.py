"""Images that a teacher made at several moments of its own training: the paper's labels for Q."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from paddle_mfs.data.crops import find_pictures
from paddle_mfs.data.q_labels import check_split, is_held_out, seen_by_q
from paddle_mfs.face.image import read_image
from paddle_mfs.models.quality import SIZE
from paddle_mfs.utils.errors import UserError


def _natural(name):
    """Sorting key in which step_900 comes before step_1000."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


class TeacherSnapshots:
    """Labelled images out of one folder a snapshot: <folder>/<snapshot>/*.png, square aligned crops of 112 px or more.

    Snapshots are sorted by name, numbers by their value; the first counts as the start of the teacher's training (0),
    the last as its end (1), those between as equally spaced (https://github.com/Seanseattle/MobileFaceSwap/issues/14).
    Pictures of one name are the same pair, and are held out together.

    Args:
        folder: the folder of folders.
        held_out: share of the names kept for judging Q.
        seed: sample number i is a function of (seed, i).

    Raises UserError for fewer than two snapshots, an empty one, or too few pictures.
    """

    def __init__(self, folder: str | Path, held_out: float = 0.1, seed: int = 0):
        folder, self.seed = Path(folder), seed
        names = sorted((p.name for p in folder.iterdir() if p.is_dir()), key=_natural) if folder.is_dir() else []
        if len(names) < 2:
            raise UserError(
                f"{folder}: {len(names)} snapshot folders found, two or more are wanted: {folder}/<snapshot>/*.png"
            )
        # one list a snapshot: (kind, quality, path)
        self.training: list[list[tuple[str, float, Path]]] = []
        self.judging: list[list[tuple[str, float, Path]]] = []
        for index, name in enumerate(names):
            sides: tuple[list, list] = [], []
            for path in find_pictures(folder / name):
                side = sides[is_held_out(path.relative_to(folder / name).with_suffix("").as_posix(), held_out)]
                side.append((name, index / (len(names) - 1), path))
            check_split(folder / name, "pictures", *map(len, sides))
            self.training.append(sides[0])
            self.judging.append(sides[1])

    def sample(self, number: int) -> tuple[np.ndarray, float]:
        """Training sample `number` -> image (112, 112, 3) uint8 RGB, quality in 0..1."""
        rng = np.random.default_rng([self.seed, number])
        snapshot = self.training[rng.integers(len(self.training))]
        _, quality, path = snapshot[rng.integers(len(snapshot))]
        image = self._read(path)
        return image[:, ::-1] if rng.random() < 0.5 else image, quality

    def judged(self, count: int) -> list[list[tuple[str, float, np.ndarray]]]:
        """Held-out series -> list of [(snapshot, quality, image), ...], one picture of each snapshot; `count` series at
        most."""
        series = zip(*self.judging)
        return [
            [(name, quality, self._read(path)) for name, quality, path in row] for row, _ in zip(series, range(count))
        ]

    @staticmethod
    def _read(path):
        image = read_image(path)
        if image.shape[0] != image.shape[1] or image.shape[0] < SIZE:
            raise UserError(
                f"{path}: is {image.shape[1]} x {image.shape[0]} px; wanted: aligned square crops, {SIZE} or more"
            )
        return seen_by_q(image)
