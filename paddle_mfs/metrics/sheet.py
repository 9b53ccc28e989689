"""The pictures of an evaluation side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from paddle_mfs.utils.files import atomic_path


@dataclass
class Row:
    """The 224 px pictures of one pair, (224, 224, 3) uint8 RGB; `result` is None when no network was scored."""

    source: np.ndarray
    target: np.ndarray
    teacher: np.ndarray
    result: np.ndarray | None = None


def write_sheet(path: str | Path, rows: Sequence[Row], count: int = 12) -> None:
    """Draw the first `count` rows as source | target | teacher | result, one pair a line."""
    lines = [
        np.concatenate([image for image in (row.source, row.target, row.teacher, row.result) if image is not None], 1)
        for row in rows[:count]
    ]
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(lines)).save(temporary)
