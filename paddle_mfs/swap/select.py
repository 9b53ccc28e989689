"""Which faces of a picture or clip are swapped: largest, all, or the index from the left (--face)."""

from paddle_mfs.face.analysis import MIN_FACE
from paddle_mfs.utils.errors import UserError


def check_choice(which):
    """Raise UserError unless `which` is "largest", "all" or an index (int or digits)."""
    if which not in ("largest", "all") and not str(which).isdigit():
        raise UserError(f"face {which!r}: choose largest, all or an index from 0 (0 is the leftmost)")


def choose(faces, which="largest"):
    """The chosen ones among `faces` (`Face` or `TrackedFace`) of one picture: [] when there is no such face.

    Args:
        which: "largest", "all", or an index (int or digits): faces are counted from the left, 0 the leftmost.
    """
    if which == "all" or not faces:
        return list(faces)
    if which == "largest":
        return [max(faces, key=lambda face: plain(face).size)]
    index = int(which)
    return sorted(faces, key=lambda face: plain(face).box[[0, 2]].sum())[index : index + 1]


def pick(faces, which="largest", name="image"):
    """`choose`, for a picture: raises UserError when there is no face, no such index, or `which` is another word."""
    check_choice(which)
    if not faces:
        raise UserError(
            f"{name}: no face found; use a picture that shows a face, unhidden and at least {MIN_FACE} px high"
        )
    chosen = choose(faces, which)
    if not chosen:
        raise UserError(f"{name}: no face {which}; {len(faces)} found, choose 0 (leftmost) to {len(faces) - 1}")
    return chosen


class Choice:
    """`choose`, frame after frame: a tracked face that was chosen stays so while it is tracked, wherever it goes.

    Args:
        which: see `choose`. Raises UserError when it is another word.
    """

    def __init__(self, which="largest"):
        check_choice(which)
        self.which, self._id = which, None

    def __call__(self, faces):
        """List of `TrackedFace` (or `Face`) of one frame -> those to swap."""
        kept = [face for face in faces if self.which != "all" and self._id is not None and track_id(face) == self._id]
        chosen = kept or choose(faces, self.which)
        if self.which != "all":
            self._id = track_id(chosen[0]) if chosen else self._id
        return chosen


def plain(face):
    """The `Face` of a `TrackedFace`; a `Face` itself."""
    return getattr(face, "face", face)


def track_id(face):
    """The id of a `TrackedFace`, None of a `Face`."""
    return getattr(face, "id", None)
