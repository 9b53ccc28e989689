"""The pictures of an evaluation side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.image import check_suffix, write_image
from paddle_mfs.provenance import provenance, save_options

SHOWN = 12  # rows of a sheet, as a rule


@dataclass
class Row:
    """The 224 px pictures of one pair, (224, 224, 3) uint8 RGB; `result` is None when no network was scored."""

    source: np.ndarray
    target: np.ndarray
    teacher: np.ndarray
    result: np.ndarray | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        return (image for image in (self.source, self.target, self.teacher, self.result) if image is not None)


def write_sheet(path: str | Path, rows: Sequence[Iterable[np.ndarray]], **options: Any) -> None:
    """Draw rows of pictures of one size, (S, S, 3) uint8 RGB, such as source | target | teacher | result, one pair a
    line. The same pictures make the same file: it does not say when it was made. options: of Pillow's `Image.save`,
    such as quality. Raises UserError, see `face.image.write_image`."""
    check_suffix(path)
    record = provenance(content="faces that were swapped, to be measured, beside the originals")
    del record["created"]
    options = {**save_options(path, record), **options}
    write_image(path, np.concatenate([np.concatenate(list(row), 1) for row in rows]), **options)
