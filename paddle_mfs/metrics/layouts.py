"""How a user's own pictures become pairs: two folders side by side, videos as frames, clips as frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.swap.identity import read_source
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_by_name


def pictures(folder: str | Path) -> list[Path]:
    """The pictures of a folder by name. Raises UserError when there is no such folder, or no picture in it."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; name one of pictures")
    found = sorted(path for path in folder.iterdir() if kind_by_name(path) == "picture")
    if not found:
        raise UserError(f"{folder}: holds no pictures; put some there")
    return found


def two_folders(sources: str | Path, targets: str | Path) -> Pairs:
    """The first source onto the first target, and so on, by name. Raises UserError as `pictures` does, and when one
    folder has more than the other."""
    a, b = pictures(sources), pictures(targets)
    if len(a) != len(b):
        raise UserError(
            f"{sources}: has {len(a)} pictures, {targets} has {len(b)}; pairs are made in the order of the names, so "
            "give as many sources as targets"
        )
    return Pairs(list(zip(a, b)), Path(targets))


def clips(sources: str | Path, targets: str | Path) -> Pairs:
    """The first source onto every frame of the first clip, and so on, by name.

    Args:
        sources: folder of pictures. targets: folder of clips, each a folder of its frames, all of them, by name.

    Raises UserError as `pictures` does, and when there are more sources than clips or the other way round.
    """
    faces, folders = pictures(sources), _folders(targets)
    if len(faces) != len(folders):
        raise UserError(
            f"{sources}: has {len(faces)} pictures, {targets} has {len(folders)} clips; give a source for each clip"
        )
    files, names = [], []
    for source, folder in zip(faces, folders):
        frames = pictures(folder)
        files += [(source, frame) for frame in frames]
        names += [folder.name] * len(frames)
    return Pairs(files, Path(targets), videos=names, consecutive=True)


def videos(folder: str | Path, listed: str | Path, frames: int, both_ways: bool = True) -> Pairs:
    """Videos onto videos, as on FaceForensics++: frame n of A onto frame n of B, for some frames of B.

    Where A has no frame n, the one of A's is taken whose face is turned most like B's (L2 of yaw, pitch and roll), of
    as many of A's frames.

    Args:
        folder: of videos, each a folder of frames whose names are their numbers (0001.png).
        listed: a JSON list of [A, B], names of videos, such as FaceForensics++'s splits/test.json.
        frames: how many of each B, evenly over its length; all, when it has fewer.
        both_ways: B is put onto A, too.

    Raises UserError for a missing or broken list or video.
    """
    files: list[tuple[Path, Path]] = []
    names, poses = [], _Poses()
    for source, target in _listed(listed, both_ways):
        own = pictures(Path(folder) / source)
        by_name = {path.stem: path for path in own}
        for frame in _evenly(pictures(Path(folder) / target), frames):
            files.append((by_name.get(frame.stem) or poses.nearest(_evenly(own, frames), frame), frame))
            names.append(f"{source} on {target}")
    return Pairs(files, Path(listed), videos=names)


class _Poses:
    """Poses of frames, each looked at once."""

    def __init__(self):
        self._analyser, self._known = None, {}

    def _pose(self, path):
        if path not in self._known:
            self._analyser = self._analyser or FaceAnalyser()
            try:
                self._known[path] = np.array(self._analyser.largest(read_source(path), str(path)).pose)
            except UserError:
                self._known[path] = np.full(3, np.inf)  # never the nearest; as a target it fails where it is measured
        return self._known[path]

    def nearest(self, own: Sequence[Path], frame: Path) -> Path:
        wanted = self._pose(frame)
        if not np.isfinite(wanted).all():
            return own[0]
        return min(own, key=lambda path: float(np.linalg.norm(self._pose(path) - wanted)))


def _folders(folder):
    folder = Path(folder)
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not found:
        raise UserError(f"{folder}: holds no clips; name a folder of folders of frames")
    return found


def _evenly(paths, count):
    places = np.unique(np.rint(np.linspace(0, len(paths) - 1, min(count, len(paths)))).astype(int))
    return [paths[place] for place in places]


def _listed(path, both_ways):
    path = Path(path)
    try:
        pairs = [(str(a), str(b)) for a, b in json.loads(path.read_text(encoding="utf-8"))]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give a JSON list of pairs of videos") from None
    except (ValueError, TypeError):
        raise UserError(f'{path}: not a list of pairs; expected [["000", "003"], ...]') from None
    if not pairs:
        raise UserError(f"{path}: lists no pairs; add some")
    return [pair for a, b in pairs for pair in ([(a, b), (b, a)] if both_ways else [(a, b)])]
