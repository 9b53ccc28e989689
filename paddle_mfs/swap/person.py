"""Who a tracked face is, asked again as the clip goes on: one person can pass into another without a cut.

A dissolve, or a cut within the same surroundings, leaves the tracker a face in the same place. So the encoder is asked
again after a while, sooner when its last answer was not sure, and at once when the face no longer looks as it did then.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_mfs.face.appearance import likeness
from paddle_mfs.models.embedder import SAME_PERSON_COSINE
from paddle_mfs.swap.roles import Role, match

SURE, STRANGER = 0.75, 0.4  # an answer between them holds shortly: from SURE on it is the person, below STRANGER nobody
ASK_SECONDS, SHORTLY = 0.4, 0.08  # how long an answer holds, and how shortly
DRIFT = 0.95  # likeness of the appearance then and now, below which it does not hold


class Person:
    """Who one tracked face is. role: the `Role` that this person plays, None for nobody's."""

    def __init__(self) -> None:
        self.role: Role | None = None
        self._known: np.ndarray | None = None  # (1, E): the person at first or, with a role, when most like it
        self._best = -1.0  # how much like it
        self._look = np.zeros(0, np.float32)
        self._time = self._until = 0.0

    def is_in_doubt(self, look: np.ndarray, time: float) -> bool:
        """Whether the encoder is to be asked. look: `face.appearance` of the face now; time in seconds."""
        return self._known is None or not self._time <= time < self._until or likeness(look, self._look) < DRIFT

    def answer(self, embedding: np.ndarray, look: np.ndarray, time: float, roles: Sequence[Role]) -> bool:
        """Take what the encoder says now -> whether what is known of the face is another person's (False at first).

        Args:
            embedding: (1, E) of unit length. look, time: as for `is_in_doubt`. roles: that may be played.
        """
        best, score = match(embedding, roles) if roles else (None, -1.0)
        as_role = _cosine(embedding, self.role.embedding if self.role else None)
        own, before, is_asked_first = max(as_role, _cosine(embedding, self._known)), self.role, self._known is None
        if own < SAME_PERSON_COSINE or (best and score > as_role):
            self.role, as_role = best, score
        if own < SAME_PERSON_COSINE or self.role is not before or (self.role and as_role > self._best):
            self._known, self._best = embedding, as_role
        is_sure = max(own, score) >= SURE if self.role else score < STRANGER
        self._look, self._time, self._until = look, time, time + (ASK_SECONDS if is_sure else SHORTLY)
        return not is_asked_first and (own < SAME_PERSON_COSINE or _identity(self.role) is not _identity(before))


def _cosine(a, b):
    return -1.0 if b is None else float(np.vdot(a, b))


def _identity(role):
    return role.identity if role else None
