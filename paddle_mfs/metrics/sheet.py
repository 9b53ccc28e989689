"""The pictures of an evaluation side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_mfs.face.image import write_image

SHOWN = 12  # rows of a sheet, as a rule


@dataclass
class Row:
    """The 224 px pictures of one pair, (224, 224, 3) uint8 RGB; `result` is None when no network was scored."""

    source: np.ndarray
    target: np.ndarray
    teacher: np.ndarray
    result: np.ndarray | None = None


def write_sheet(path: str | Path, rows: Sequence[Row]) -> None:
    """Draw rows as source | target | teacher | result, one pair a line. Raises UserError, see
    `face.image.write_image`."""
    lines = [
        np.concatenate([image for image in (row.source, row.target, row.teacher, row.result) if image is not None], 1)
        for row in rows
    ]
    write_image(path, np.concatenate(lines))
