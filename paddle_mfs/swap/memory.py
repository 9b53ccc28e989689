"""What is remembered of each face of a clip, so that nothing is decided anew in every frame."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from paddle_mfs.face.colour import Colour
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.select import track_id

RECHECK = 30  # frames after which a tracked face is compared with the roles again
REMEMBERED = 16  # faces of a clip that are remembered, the ones seen last


@dataclass
class Memory:
    """What is remembered of one tracked face.

    frames it was in; embedding (1, E): sum of what the encoder saw of it; source: identity it is meant to get, None for
    nobody's; identity: that, at the strength wanted; mask (S, S), colour (`face.colour.Colour`) and occlusion (S, S):
    means of the frames so far.
    """

    frames: int = 0
    embedding: np.ndarray = None
    source: Identity = None
    identity: Identity = None
    mask: np.ndarray = None
    colour: Colour = None
    occlusion: np.ndarray = None


class Tracks:
    """The `Memory` of every face of one clip, by track id."""

    def __init__(self):
        self._memories = OrderedDict()

    def of(self, face):
        """The memory of a `TrackedFace`; of a `Face` a fresh one, kept nowhere."""
        number = track_id(face)
        if number is None:
            return Memory()
        memory = self._memories.setdefault(number, Memory())
        self._memories.move_to_end(number)
        while len(self._memories) > REMEMBERED:
            self._memories.popitem(last=False)
        return memory
