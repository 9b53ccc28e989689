"""One face of a clip over time: where to look for it next, and whether what is there is still that face.

Following is one pass of the mesh network a face and frame: where to look is said by the mesh of the frame before,
unsmoothed, moved on by the face's velocity, so that a fast face stays in view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddle_mfs.face.analysis import MIN_FACE, Face, FaceAnalyser
from paddle_mfs.face.appearance import appearance, likeness
from paddle_mfs.face.boxes import is_known
from paddle_mfs.face.landmarks import Region, region
from paddle_mfs.face.one_euro import OneEuro

MAX_AHEAD = 0.25  # seconds that a followed face's velocity is trusted
MAX_LEAP = 2.0  # times the last move between frames, the farthest it is moved on: time stamps may be wrong
MIN_FOLLOWED = 0.75 * MIN_FACE  # pixels; a little less than to be found, lest a face come and go
MIN_INSIDE = 0.5  # share of the landmarks; a face with fewer in the picture has left it
SAME_APPEARANCE = 0.6  # likeness from one frame to the next, or to a lost face; below, it is another one
APPEARANCE_SECONDS = 1.0  # a track's appearance follows the face's so slowly: what passes before it does not replace it
DEAD_ZONE = 0.01  # of the region's side (and of its roll in radians)
MAX_GROWTH = 1.5  # of a face's size between frames; more is a mistake of the mesh network
REACH = 2.0  # face sizes between where a lost face is expected and where it may be found again


@dataclass
class TrackedFace:
    """A face with the number it keeps as long as it is tracked.

    face: landmarks, points and box are smoothed; time: when it was seen, seconds of the tracker's `clock`.
    """

    id: int
    face: Face
    time: float = 0.0


class Track:
    """One face over time.

    face: where it was last seen, unsmoothed; output: the same, smoothed; look: its usual appearance, last_look: the
    last; time: when it was last seen, born: when first; velocity (2,) in pixels a second.
    """

    def __init__(self, number: int, face: Face, look: np.ndarray, time: float, smooth: bool):
        self.id, self.look, self.last_look, self.born, self.velocity = number, look, look, time, np.zeros(2)
        # depth is noisier than the picture plane, and must not speak in its speed
        self._filters = [OneEuro(), OneEuro()] if smooth else []
        self._region: Region | None = None
        self._moved = 0.0
        self._see(face, time)

    def seen_in(self, image: np.ndarray, time: float, analyser: FaceAnalyser) -> tuple[Face, np.ndarray] | None:
        """The face and its appearance in the next frame, one pass of the mesh network; None when it is not there."""
        face = analyser.follow(image, self.face, self.region(time))
        if face is None or not _is_plausible(face, self.face, image):
            return None
        look = appearance(image, face.five)
        return (face, look) if likeness(look, self.last_look) >= SAME_APPEARANCE else None

    def move(self, face: Face, look: np.ndarray, time: float) -> None:
        """The face was seen again."""
        moved = _centre(face) - _centre(self.face)
        self.velocity = (self.velocity + moved / (time - self.time)) / 2
        self._moved = float(np.linalg.norm(moved))
        self.look = self.look + (look - self.look) * (time - self.time) / (time - self.time + APPEARANCE_SECONDS)
        self.look /= max(float(np.linalg.norm(self.look)), 1e-6)
        self.last_look = look
        self._see(face, time)

    def _see(self, face: Face, time: float) -> None:
        self.face = self.output = face
        self.time = time
        if self._filters:
            smoothed = [
                each(part, time, face.size) for each, part in zip(self._filters, np.split(face.landmarks, [2], axis=1))
            ]
            self.output = Face.of(np.hstack(smoothed).astype(np.float32), face.score, face.presence)

    def region(self, time: float) -> Region:
        """The region to look at: that of the last landmarks, moved on. It keeps still within `DEAD_ZONE`: else landmark
        noise would move the region and the region the landmarks."""
        new, old = region(self.face.landmarks), self._region
        ahead = self.velocity * min(time - self.time, MAX_AHEAD)
        farthest = MAX_LEAP * self._moved
        new = new._replace(centre=new.centre + ahead * min(1.0, farthest / max(float(np.linalg.norm(ahead)), 1e-6)))
        if old is not None:
            new = Region(
                _within(new.centre, old.centre, DEAD_ZONE * new.side),
                float(_within(new.side, old.side, DEAD_ZONE * new.side)),
                float(_within(new.angle, old.angle, DEAD_ZONE)),
            )
        self._region = new
        return new

    def places(self, time: float) -> list[Face]:
        """Where it may be after a loss: where it would have gone, and, when that is another place, where it was."""
        landmarks = self.face.landmarks.copy()
        landmarks[:, :2] += self.velocity * (time - self.time)
        expected = Face.of(landmarks, self.face.score, self.face.presence)
        return [expected] if is_known(expected.box, [self.face]) else [expected, self.face]

    def is_near(self, face: Face, time: float) -> bool:
        """Whether `face` is where it may be after a loss."""
        farthest = REACH * self.face.size
        return any(np.linalg.norm(_centre(face) - _centre(place)) < farthest for place in self.places(time))


def is_inside(face: Face, image: np.ndarray) -> bool:
    """Whether enough of a face lies in the picture."""
    xy = face.landmarks[:, :2]
    return bool(((xy >= 0) & (xy < image.shape[1::-1])).all(1).mean() >= MIN_INSIDE)


def _within(new, old, reach):
    """`new`, or what is nearest to `old` and no more than `reach` from `new`."""
    return np.clip(old, new - reach, new + reach)


def _centre(face):
    return face.landmarks[:, :2].mean(0)


def _is_plausible(face, before, image):
    """Whether the mesh network's answer can be the face it was `before`."""
    growth = face.size / before.size
    return face.size >= MIN_FOLLOWED and 1 / MAX_GROWTH < growth < MAX_GROWTH and is_inside(face, image)
