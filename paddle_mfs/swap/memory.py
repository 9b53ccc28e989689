"""What is remembered of each face of a clip, so that nothing is decided anew in every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
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
    (`face.colour.Colour`) and occlusion (S, S): means of the frames so far.
    """

    person: Person = field(default_factory=Person)
    identity: Identity | None = None
    damping: np.ndarray | None = None
    colour: Colour | None = None
    occlusion: np.ndarray | None = None

    def begin_anew(self) -> None:
        """The face is another person's now: forget all but who that is."""
        self.identity = self.damping = self.colour = self.occlusion = None


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

    def keep(self, ids: Collection[int]) -> None:
        """Forget the faces whose tracks have ended: all but those of these ids (`FaceTracker.ids`)."""
        for ended in self._faces.keys() - set(ids):
            del self._faces[ended]

    def __len__(self) -> int:
        """How many faces are remembered."""
        return len(self._faces)
