"""A contact sheet of a set of faces: some that were accepted, and some that were not, by reason."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.shards import read_set
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.utils.drawing import text_strip

TILE, COLUMNS, ROWS = 96, 12, 3  # pixels, tiles a row, rows of accepted faces


class RejectedPictures:
    """Keeps the first few rejected crops of every reason as small pictures: REASON_HASH.jpg.

    Who looks under age, and what the age network has not seen, is never given to it.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._kept: dict[str, set[str]] = {}
        for path in sorted(self.folder.glob("*.jpg")):
            self._kept.setdefault(path.stem.rpartition("_")[0], set()).add(path.name)

    def add(self, reason: str, name: str, crop: np.ndarray) -> None:
        """crop: (S, S, 3) uint8 RGB of the input `name`."""
        word = reason.replace(" ", "-")
        kept = self._kept.setdefault(word, set())
        if len(kept) < COLUMNS:
            file = f"{word}_{hashlib.sha256(name.encode()).hexdigest()[:8]}.jpg"
            kept.add(file)
            write_image(self.folder / file, cv2.resize(crop, (TILE, TILE), interpolation=cv2.INTER_AREA))


def draw_sheet(folder: str | Path) -> None:
    """Write FOLDER/sheet.jpg of a finished set."""
    folder = Path(folder)
    rows: list[np.ndarray] = []
    if read_set(folder)["records"]:
        faces = ShardedFaces(folder, TILE)
        some = np.linspace(0, len(faces) - 1, min(len(faces), COLUMNS * ROWS)).round().astype(int)
        rows += _block(f"{len(faces)} accepted", [faces.face(int(index))[0] for index in some])
    by_reason: dict[str, list[Path]] = {}
    for path in sorted((folder / "rejected").glob("*.jpg")):
        by_reason.setdefault(path.stem.rpartition("_")[0].replace("-", " "), []).append(path)
    for reason, paths in by_reason.items():
        rows += _block(f"rejected: {reason}", [read_image(path) for path in paths])
    if rows:
        write_image(folder / "sheet.jpg", np.vstack(rows))


def _block(title, tiles):
    """A line of text, and rows of tiles."""
    rows = [text_strip(title, COLUMNS * TILE)]
    for start in range(0, len(tiles), COLUMNS):
        row = np.full((TILE, COLUMNS * TILE, 3), 255, np.uint8)
        for column, tile in enumerate(tiles[start : start + COLUMNS]):
            row[:, column * TILE : (column + 1) * TILE] = tile
        rows.append(row)
    return rows
