"""Which faces of a picture or clip are swapped: largest, all, or the index from the left (--face)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from paddle_mfs.face.analysis import Face, no_face
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.utils.errors import UserError

AnyFace = TypeVar("AnyFace", Face, TrackedFace)


def check_which(which: str | int) -> None:
    """Raise UserError unless `which` is "largest", "all" or an index (int or digits)."""
    if which not in ("largest", "all") and not str(which).isdigit():
        raise UserError(f"face {which!r}: choose largest, all or an index from 0 (0 is the leftmost)")


def select(faces: Sequence[AnyFace], which: str | int = "largest") -> list[AnyFace]:
    """Those asked for among `faces` of one picture: [] when there is no such face.

    Args:
        which: "largest", "all", or an index (int or digits): faces are counted from the left, 0 the leftmost.
    """
    if which == "all" or not faces:
        return list(faces)
    if which == "largest":
        return [max(faces, key=lambda face: untracked(face).size)]
    index = int(which)
    return sorted(faces, key=lambda face: untracked(face).box[[0, 2]].sum())[index : index + 1]


def select_or_raise(faces: Sequence[Face], which: str | int = "largest", name: str = "image") -> list[Face]:
    """`select`, for a picture: raises UserError when there is no face, no such index, or `which` is another word."""
    check_which(which)
    if not faces:
        raise no_face(name)
    selected = select(faces, which)
    if not selected:
        raise UserError(f"{name}: no face {which}; {len(faces)} found, choose 0 (leftmost) to {len(faces) - 1}")
    return selected


class ClipSelection:
    """`select`, frame after frame: a tracked face that was selected stays so while it is tracked, wherever it goes.

    Args:
        which: see `select`. Raises UserError when it is another word.
    """

    def __init__(self, which: str | int = "largest"):
        check_which(which)
        self.which = which
        self._id: int | None = None

    def __call__(self, faces: Sequence[AnyFace]) -> list[AnyFace]:
        """The faces of one frame -> those to swap."""
        kept = [face for face in faces if self.which != "all" and self._id is not None and track_id(face) == self._id]
        selected = kept or select(faces, self.which)
        if self.which != "all":
            self._id = track_id(selected[0]) if selected else self._id
        return selected


def untracked(face: Face | TrackedFace) -> Face:
    """The `Face` of a `TrackedFace`; a `Face` itself."""
    return face.face if isinstance(face, TrackedFace) else face


def track_id(face: Face | TrackedFace) -> int | None:
    """The id of a `TrackedFace`, None of a `Face`."""
    return face.id if isinstance(face, TrackedFace) else None


def track_time(face: Face | TrackedFace) -> float:
    """When a `TrackedFace` was seen, in seconds, 0 for a `Face`."""
    return face.time if isinstance(face, TrackedFace) else 0.0
