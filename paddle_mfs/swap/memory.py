"""What is remembered of each face of a clip, so that nothing is decided anew in every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.colour import Colour
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.person import Person
from paddle_mfs.swap.select import track_id


@dataclass
class FaceMemory:
    """What is remembered of one tracked face.

    person: who it is; identity: what they get at the strength wanted, None before it is made; damping (S, S), colour
    (`face.colour.Colour`) and occlusion (S, S): means of the frames so far. face: where it was last seen by `saw`,
    moved: (2,) pixels a frame then, missed: frames since; why_hidden: "", or why it is not to be seen any more.
    """

    person: Person = field(default_factory=Person)
    identity: Identity | None = None
    damping: np.ndarray | None = None
    colour: Colour | None = None
    occlusion: np.ndarray | None = None
    face: Face | None = None
    moved: np.ndarray = field(default_factory=lambda: np.zeros(2, np.float32))
    missed: int = 0
    why_hidden: str = ""

    def begin_anew(self) -> None:
        """The face is another person's now: forget all but who that is, and where."""
        self.identity = self.damping = self.colour = self.occlusion = None
        self.why_hidden = ""

    def saw(self, face: Face) -> None:
        """It is here in this frame."""
        if self.face is not None:
            moved = face.landmarks[:, :2].mean(0) - self.face.landmarks[:, :2].mean(0)
            self.moved = moved / (self.missed + 1)
        self.face, self.missed = face, 0

    def expected(self, most: int) -> Face | None:
        """Where it would be in this frame, had it gone on for at most so many frames; None if it was never seen."""
        if self.face is None:
            return None
        landmarks = self.face.landmarks.copy()
        landmarks[:, :2] += self.moved * min(self.missed, most)
        return Face.of(landmarks, self.face.score, self.face.presence)


class ClipMemory:
    """The `FaceMemory` of every face of one clip, by track id. It lives as long as the track does, see `keep`.

    Attributes:
        left: why -> how many faces, over all frames, stayed as they are because they cannot be painted.
    """

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()
        self._faces: dict[int, FaceMemory] = {}

    def of(self, face: Face | TrackedFace) -> FaceMemory:
        """The memory of a `TrackedFace`; of a `Face` a fresh one, kept nowhere."""
        number = track_id(face)
        if number is None:
            return FaceMemory()
        if number not in self._faces:
            self._faces[number] = FaceMemory()
        return self._faces[number]

    def missing(self, faces: Sequence[Face | TrackedFace]) -> list[FaceMemory]:
        """Of the faces that are remembered those that are not among these of a frame."""
        here = {track_id(face) for face in faces}
        return [known for number, known in self._faces.items() if number not in here]

    def keep(self, ids: Collection[int]) -> None:
        """Forget the faces whose tracks have ended: all but those of these ids (`FaceTracker.ids`)."""
        for ended in self._faces.keys() - set(ids):
            del self._faces[ended]

    def __len__(self) -> int:
        """How many faces are remembered."""
        return len(self._faces)
