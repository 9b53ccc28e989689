"""Everybody gets a made-up face of their own; whoever cannot get one is made unrecognisable.

A FaceSwapper whose roles grow: who is not known yet is given a made-up face (pseudonyms.py). What a swap leaves as it
is, because it is dark, small or seen from the side, or because the face is lost for some frames, is hidden here
(face/hide.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.appearance import appearance
from paddle_mfs.face.boxes import is_known
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.hide import hidden
from paddle_mfs.face.paste import paste
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.change import AS_IT_IS
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.memory import ClipMemory, FaceMemory
from paddle_mfs.swap.patch import Patch
from paddle_mfs.swap.pseudonyms import POOL, MadeUp, Pseudonyms
from paddle_mfs.swap.select import track_time, untracked
from paddle_mfs.swap.swapper import CannotPaint, FaceSwapper
from paddle_mfs.utils.resources import find

SMALL = 32  # pixels, longer side of a face: who it is, and so which face to give, is not sure of a smaller one
SIDEWAYS = 60  # degrees of yaw: beyond, the network's change reaches little of a face
AHEAD = 5  # frames that a lost face is taken to go on as it went
GROWTH = 0.1  # of its size, by which what hides a lost face grows in each of these frames
LOST, RECOGNISED = "lost for a moment", "still recognised"


@dataclass(frozen=True)
class Check:
    """A recogniser that says whether a painted face is still the person's.

    distance: callable (before, after, five) -> float, of two pictures (H, W, 3) uint8 RGB of one place with the five
    points (5, 2) of the face. least: at a smaller distance it is the same person. name: of the recogniser.
    """

    distance: Callable[[np.ndarray, np.ndarray, np.ndarray], float]
    least: float
    name: str


@dataclass
class Tally:
    """What was done. frames looked at; painted, hidden (why -> how many): faces over all of them; frames_hidden: those
    with a hidden face; distances: number of a person -> the recogniser's, of each painting that was checked."""

    frames: int = 0
    painted: int = 0
    hidden: Counter[str] = field(default_factory=Counter)
    frames_hidden: int = 0
    distances: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {why}" for why, count in self.hidden.items())
        blurred = f"{self.hidden.total()} blurred" + (f" ({reasons})" if reasons else "")
        return f"{self.painted} faces painted, {blurred} in {self.frames_hidden} of {self.frames} frames"


class Anonymiser(FaceSwapper):
    """Gives every person in pictures and clips a made-up face. Used as a `FaceSwapper`; all faces are done.

    Args:
        key: path of a key file, see `Pseudonyms`; None: nothing is kept. seed: of the choice of faces; None: random.
        check: a Check: whom it still recognises is hidden, until the end of their track; None: nobody is checked.
        weights, encoder, engine: as for FaceSwapper.
    Attributes:
        pseudonyms: Pseudonyms. tally: Tally of everything so far.
    Raises: UserError, as `FaceSwapper` and `Pseudonyms` do.
    """

    _keeps_exif = False

    def __init__(
        self,
        key: str | Path | None = None,
        seed: int | None = None,
        check: Check | None = None,
        weights: str | Path | None = None,
        encoder: str | Path | None = None,
        engine: str = "auto",
    ):
        super().__init__(sorted(find(POOL).glob("*.jpg"))[0], weights, encoder, engine)  # a source that nobody gets
        self.pseudonyms = Pseudonyms(self.baker, key, seed)
        self.check, self.tally = check, Tally()

    @property
    def default_face(self) -> str:
        """All of them."""
        return "all"

    @property
    def facts(self) -> dict[str, Any]:
        """What outputs say of themselves: that everybody's face is made up or hidden, and how that was checked."""
        check = f"{self.check.name}, hidden below {self.check.least}" if self.check else "none"
        return {"anonymised": {"faces": "made up, or blurred", "check": check}, **self.baker.facts}

    def patches(
        self,
        image: np.ndarray,
        faces: Sequence[Face | TrackedFace],
        memory: ClipMemory | None = None,
        name: str | None = None,
    ) -> list[Patch]:
        """A Patch for every face, painted or hidden, and for those of `memory` that are missing in this frame; see
        `FaceSwapper.patches`. A face that cannot be painted is never an error."""
        before, made = self.tally.hidden.total(), []
        for found in faces:
            made.append(self._done(image, found, FaceMemory() if memory is None else memory.of(found)))
        for known in memory.missing(faces) if memory is not None else []:
            known.missed += 1
            expected, grown = known.expected(AHEAD), 1 + GROWTH * min(known.missed, AHEAD)
            if expected is not None and not is_known(expected.box, [untracked(found) for found in faces]):
                made.append(self._hidden(image, expected, LOST, grown))
        self.tally.frames += 1
        self.tally.frames_hidden += self.tally.hidden.total() > before
        return made

    def _done(self, image: np.ndarray, found: Face | TrackedFace, known: FaceMemory) -> Patch:
        face = untracked(found)
        known.saw(face)
        why = "too small" if face.size < SMALL else "seen from the side" if abs(face.pose[0]) > SIDEWAYS else ""
        if not why:
            try:
                patch = self._patch(image, found, known, None)
            except CannotPaint as error:
                why = error.why
            else:
                if not known.why_hidden and self._is_recognised(patch, face, known):
                    known.why_hidden = RECOGNISED
                if patch is not None and not known.why_hidden:
                    self.tally.painted += 1
                    return patch
        return self._hidden(image, face, why or known.why_hidden)

    def _hidden(self, image: np.ndarray, face: Face, why: str, grown: float = 1.0) -> Patch:
        self.tally.hidden[why] += 1
        return Patch(*hidden(image, face, SIZE, grown))

    def _is_recognised(self, patch: Patch | None, face: Face, known: FaceMemory) -> bool:
        if self.check is None or patch is None:
            return False
        after = paste(patch.crop, patch.change, AS_IT_IS, patch.crop, patch.damping)
        distance = self.check.distance(patch.crop, after, transform(face.five.astype(np.float64), patch.matrix))
        if isinstance(known.person.role, MadeUp):
            self.tally.distances[known.person.role.number].append(distance)
        return not distance >= self.check.least

    def _identity(self, image: np.ndarray, found: Face | TrackedFace, memory: FaceMemory) -> Identity | None:
        """The made-up face of this person, who is given one when nobody known is like them."""
        face, person, people = untracked(found), memory.person, self.pseudonyms.people
        look, time = appearance(image, face.five), track_time(found)
        if person.is_in_doubt(look, time):
            seen = self.baker.recognise(image, face)
            is_another = person.answer(seen, look, time, people)
            if person.role is None:
                self.pseudonyms.add(seen)
                person.answer(seen, look, time, people)
            if is_another:
                memory.begin_anew()
        return person.role.identity if person.role else None
