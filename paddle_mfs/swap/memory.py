"""What is remembered of each face of a clip, so that nothing is decided anew in every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.colour import Colour
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.select import track_id

RECHECK = 30  # frames after which a tracked face is compared with the roles again


@dataclass
class FaceMemory:
    """What is remembered of one tracked face.

    frames it was in; embedding (1, E): sum of what the encoder saw of it; source: identity it is meant to get, None for
    nobody's; identity: that, at the strength wanted; damping (S, S), colour (`face.colour.Colour`) and occlusion (S,
    S): means of the frames so far.
    """

    frames: int = 0
    embedding: np.ndarray | None = None
    source: Identity | None = None
    identity: Identity | None = None
    damping: np.ndarray | None = None
    colour: Colour | None = None
    occlusion: np.ndarray | None = None


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
