"""Folders of results of the same names, or single pictures: which picture goes with which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import printable
from paddle_mfs.utils.formats import kind_by_name


@dataclass
class Sets:
    """`labels` of the sets, one each; `found`: {name: its picture in each set}; `counts`: pictures in each set."""

    labels: list[str]
    found: dict[str, list[Path]]
    counts: list[int]

    def told(self) -> str:
        """How many names the sets share, and how many pictures of each have no partner."""
        alone = [
            f"{count - len(self.found)} only in {label}"
            for label, count in zip(self.labels, self.counts)
            if count > len(self.found)
        ]
        return ", ".join([f"{len(self.found)} names in {_listed(self.labels)}", *alone])


def match(places: Sequence[str | Path]) -> Sets:
    """Pictures of one name, less its suffix (a.png and a.jpg), in two or three folders; or two or three pictures.

    Raises UserError, one line: a place that is not there or holds no pictures, folders beside pictures, two pictures of
    one name in a folder, no name that all have.
    """
    paths = [Path(place) for place in places]
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such folder or picture; check the path")
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        names = list(dict.fromkeys(printable(path.name) for path in paths))
        return Sets(_labels(paths), {" | ".join(names): paths}, [1] * len(paths))
    if len(folders) < len(paths):
        single = next(path for path in paths if not path.is_dir())
        raise UserError(f"{single}: is a file, {folders[0]} is a folder; give folders alone, or pictures alone")
    pictures = [_by_name(path) for path in paths]
    common = [name for name in pictures[0] if all(name in others for others in pictures)]
    if not common:
        holds = (
            f"{path} holds {len(one)} pictures, such as {min(one.values()).name}" for path, one in zip(paths, pictures)
        )
        raise UserError(f"no name in common: {'; '.join(holds)}; name results of the same picture alike")
    return Sets(_labels(paths), {name: [one[name] for one in pictures] for name in common}, [*map(len, pictures)])


def _by_name(folder):
    """{name without suffix: picture}."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if kind_by_name(path) != "picture":
            continue
        if path.stem in found:
            raise UserError(f"{path}: goes by the name of {found[path.stem].name}; move one of them away")
        found[path.stem] = path
    if not found:
        raise UserError(f"{folder}: holds no pictures; name a folder of results")
    return found


def _labels(paths):
    """A name for each place: as much of the end of its path as tells them apart, and at the worst a number, too."""
    parts = [path.absolute().parts for path in paths]
    for count in range(1, max(map(len, parts)) + 1):
        labels = [printable(Path(*some[-count:])) for some in parts]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{label} ({number})" for number, label in enumerate(labels, 1)]


def _listed(words):
    return f"{', '.join(words[:-1])} and {words[-1]}"
