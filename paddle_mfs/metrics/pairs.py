"""Lists of held-out pairs: which face is put on which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find


@dataclass
class Pairs:
    """Pairs of picture files (source, target), and where the list came from."""

    files: list[tuple[Path, Path]]
    listed_in: Path


def load_pairs(folder: str | Path, count: int | None = None) -> Pairs:
    """Read `folder/pairs.json` -> Pairs, the first `count` of them. samples/heldout is found from any folder.

    Raises UserError for a missing or broken list or picture.
    """
    listed_in = find(folder) / "pairs.json"
    if not listed_in.is_file():
        raise UserError(f"{listed_in}: not found; give a folder with pairs.json and the pictures it names")
    try:
        names = [
            (str(source), str(target)) for source, target in json.loads(listed_in.read_text(encoding="utf-8"))["pairs"]
        ]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f'{listed_in}: not a list of pairs; expected {{"pairs": [["source.jpg", "target.jpg"], ...]}}'
        ) from None
    if not names:
        raise UserError(f"{listed_in}: lists no pairs; add some")
    if count is not None and not 1 <= count <= len(names):
        raise UserError(f"{listed_in}: lists {len(names)} pairs; ask for 1 to {len(names)} of them")
    files = [(listed_in.parent / source, listed_in.parent / target) for source, target in names[:count]]
    for path in (path for pair in files for path in pair):
        if not path.is_file():
            raise UserError(f"{path}: named in {listed_in.name} but not there; generate it again")
    return Pairs(files, listed_in)
