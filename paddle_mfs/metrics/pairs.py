"""Lists of held-out pairs: which face is put on which. A folder with such a list is a set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.resources import find

FilePairs = Iterable[tuple[Path, Path]]


@dataclass
class Pairs:
    """Pairs of picture files (source, target), where the list came from, and {target: a picture of its size, white
    where something lies before its face}, of those where it is known. Where targets are frames, `videos` names each
    pair's video, and `consecutive` says that they are all of its frames, one after the other. Where several sets were
    joined, `sets` names each pair's."""

    files: list[tuple[Path, Path]]
    listed_in: Path
    masks: dict[Path, Path] = field(default_factory=dict)
    videos: list[str] | None = None
    consecutive: bool = False
    sets: list[str] | None = None

    def follows(self, place: int) -> bool:
        """Is the target of this pair the frame after that of the pair before?"""
        if not self.consecutive or self.videos is None or place == 0:
            return False
        return self.videos[place] == self.videos[place - 1]

    def list_sha256(self) -> str:
        """Hash of which picture is put on which: of the names of folder and file."""
        names = ["\t".join("/".join(path.absolute().parts[-2:]) for path in pair) for pair in self.files]
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def pictures_sha256(self) -> str:
        """Hash of the pictures themselves, pair by pair."""
        known: dict[Path, str] = {}
        for pair in self.files:
            known.update({path: sha256(path) for path in pair if path not in known})
        return hashlib.sha256("\n".join(f"{known[a]}\t{known[b]}" for a, b in self.files).encode()).hexdigest()


def load_pairs(folder: str | Path, count: int | None = None) -> Pairs:
    """Read `folder/pairs.json` -> Pairs, the first `count` of them. samples/heldout is found from any folder.

    Raises UserError for a missing or broken list or picture.
    """
    listed_in = find(folder) / "pairs.json"
    if not listed_in.is_file():
        raise UserError(f"{listed_in}: not found; give a folder with pairs.json and the pictures it names")
    try:
        listed = json.loads(listed_in.read_text(encoding="utf-8"))
        names = [(str(source), str(target)) for source, target in listed["pairs"]]
        masks = {str(target): str(mask) for target, mask in listed.get("masks", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f'{listed_in}: not a list of pairs; expected {{"pairs": [["source.jpg", "target.jpg"], ...]}}'
        ) from None
    if not names:
        raise UserError(f"{listed_in}: lists no pairs; add some")
    if count is not None and not 1 <= count <= len(names):
        raise UserError(f"{listed_in}: lists {len(names)} pairs; ask for 1 to {len(names)} of them")
    files = [(listed_in.parent / source, listed_in.parent / target) for source, target in names[:count]]
    covers = {listed_in.parent / target: listed_in.parent / mask for target, mask in masks.items()}
    for path in (path for some in (*files, covers.values()) for path in some):
        if not path.is_file():
            raise UserError(f"{path}: named in {listed_in.name} but not there; generate it again")
    return Pairs(files, listed_in, covers)


def load_sets(folders: Iterable[str | Path], count: int | None = None) -> dict[str, Pairs]:
    """The sets in folders, each a set or a folder of sets -> {name of the set's folder: Pairs}, see `load_pairs`.

    Raises UserError as `load_pairs` does, and for two sets of one name.
    """
    sets: dict[str, Pairs] = {}
    for folder in map(find, folders):
        is_set = (folder / "pairs.json").is_file()
        inside = [] if is_set else sorted(listed_in.parent for listed_in in folder.glob("*/pairs.json"))
        for one in inside or [folder]:
            name = one.absolute().name
            if name in sets:
                raise UserError(f"{one}: there is a set of that name already; rename the folder")
            sets[name] = load_pairs(one, count)
    return sets
