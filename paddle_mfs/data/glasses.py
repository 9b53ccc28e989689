"""Which faces wear glasses, as a list beside the faces says: `data.glasses` of a config.

A teacher that warps the source's face onto the target takes its glasses along: bits of frames end up on the lids, pale
rings around the pupils, and the student learns them. So who wears some is no teacher's source; as a target they are
fine.
"""

from __future__ import annotations

import csv
from pathlib import Path

from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.utils.errors import UserError


def read_list(path: str | Path) -> set[str]:
    """The names in a text or CSV file: the first column, one a line; further columns (a score) are not read.

    Raises UserError when it cannot be read or is empty.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            names = {row[0].strip() for row in csv.reader(file) if row}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise UserError(f"data.glasses: {path}: cannot be read ({reason}); give a text file of names") from None
    if not names - {""}:
        raise UserError(f"data.glasses: {path}: is empty; give a text file of names, one a line, or null")
    return names - {""}


def wearers(path: str | Path, faces: Crops | ShardedFaces) -> frozenset[int]:
    """Indices of the faces that a list names: by the name of a face, or by its label, which stands for all faces of
    that person (so a generated face stands for its further views).

    Raises UserError, see `read_list`; also when none of the names is one of these faces, and when they are all.
    """
    listed, names = read_list(path), faces.names
    found = frozenset(
        index for index, (name, label) in enumerate(zip(names, faces.labels)) if name in listed or label in listed
    )
    if not found:
        raise UserError(
            f"data.glasses: {path}: none of its {len(listed)} names is one of data.faces, such as {names[0]}; "
            "write names as there, one a line"
        )
    if len(found) == len(names):
        raise UserError(f"data.glasses: {path}: names all of data.faces, and nobody is left as a source; name fewer")
    return found
