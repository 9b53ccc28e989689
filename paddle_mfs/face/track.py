"""Faces of a clip, frame by frame: found rarely, followed in between, smoothed in time.

Following is one pass of the mesh network a face and frame: where to look is said by the mesh of the frame before,
unsmoothed, moved on by the face's velocity, so that a fast face stays in view. The detector only looks for new faces, a
few views a frame.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from paddle_mfs.face.analysis import MIN_FACE, Face, FaceAnalyser
from paddle_mfs.face.appearance import appearance, likeness
from paddle_mfs.face.boxes import is_known
from paddle_mfs.face.image import check_image
from paddle_mfs.face.landmarks import Region, region
from paddle_mfs.face.light import brightened
from paddle_mfs.face.newcomers import NewcomerViews
from paddle_mfs.face.one_euro import OneEuro
from paddle_mfs.face.scene_cut import CutDetector
from paddle_mfs.face.views import levels, local_views

FIRST_STEP = 1 / 30  # seconds, taken for a step of time that is not positive before any that is
LOST_SECONDS = 1.0  # seconds a lost face is looked for and may get its id back
SEARCH_GAP = 1.0  # seconds between full searches, however often the scene seems to change
IDLE_VIEWS = 2  # detector views a frame while no face is known
MAX_AHEAD = 0.25  # seconds that a followed face's velocity is trusted
MAX_LEAP = 2.0  # times the last move between frames, the farthest it is moved on: time stamps may be wrong
MIN_FOLLOWED = 0.75 * MIN_FACE  # pixels; a little less than to be found, lest a face come and go
MIN_INSIDE = 0.5  # share of the landmarks; a face with fewer in the picture has left it
SAME_APPEARANCE = 0.6  # likeness from one frame to the next, or to a lost face; below, it is another one
APPEARANCE_SECONDS = 1.0  # a track's appearance follows the face's so slowly: what passes before it does not replace it
DEAD_ZONE = 0.01  # of the region's side (and of its roll in radians)
MAX_GROWTH = 1.5  # of a face's size between frames; more is a mistake of the mesh network
MAX_PART = 0.6  # of a face's size, within which something in its box is no other face
REACH = 2.0  # face sizes between where a lost face is expected and where it may be found again


@dataclass
class TrackedFace:
    """A face with the number it keeps as long as it is tracked.

    face: landmarks, points and box are smoothed; time: when it was seen, seconds of the tracker's `clock`.
    """

    id: int
    face: Face
    time: float = 0.0


class FaceTracker:
    """Follows the faces of one clip.

    A full search (`FaceAnalyser.faces`, small faces too) runs on the first frame and after a cut, at most once a
    second. Else each upright level of that search has its turn once in `every` frames, with the next one of its
    views: a large new face is found within `every` frames, a small one later. While no face is known, two views,
    turned ones too, are tried in each frame. A face that is lost is looked for where it should be for a second, and
    keeps its id when it comes back. A cut ends all tracks; ids are never used twice.

    Args:
        analyser: FaceAnalyser.
        every: frames.
        smooth: filter the landmarks in time (`one_euro.OneEuro`); False: as the network gives them.
        only_largest: follow one face, the largest when it was found, and look for others only when it is lost. The
            first search is then that for large faces, and the detector rests while the face is there.
        newcomers: where to look besides, for a bound in seconds; None: nowhere.

    Example: `tracker = FaceTracker(FaceAnalyser())`, then `for tracked in tracker.update(frame, seconds): ...`.
    """

    def __init__(
        self,
        analyser: FaceAnalyser,
        every: int = 10,
        smooth: bool = True,
        only_largest: bool = False,
        newcomers: NewcomerViews | None = None,
    ):
        if every < 1:
            raise ValueError(f"every: {every} frames; at least 1")
        self.analyser, self.every, self.smooth, self.only_largest = analyser, every, smooth, only_largest
        self._newcomers = newcomers
        self._next_id = self.scene = 0  # scene: counted, a cut begins a new one
        self.reset()

    def reset(self) -> None:
        """Forget all faces and the time, for another clip (or place in it)."""
        self._cut, self._step = CutDetector(), FIRST_STEP
        self.clock = 0.0  # seconds that went by, whatever the time stamps say
        self._time: float | None = None
        self._searched: float | None = None
        self._forget()

    def _forget(self) -> None:
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._view_turns: dict[bool, _ViewTurns] = {}
        self._is_search_due, self._credit = True, 0.0
        self.scene += 1
        if self._newcomers:
            self._newcomers.forget()

    @property
    def ids(self) -> frozenset[int]:
        """Ids that the next frames may hold again: of the faces followed now and of lost ones that may come back.

        An id that is missing here is never given again: whatever is kept for it can go.
        """
        return frozenset(track.id for track in (*self._tracks, *self._lost))

    def update(self, image: np.ndarray, time: float) -> list[TrackedFace]:
        """The faces of the clip's next frame, largest first.

        Args:
            image: (H, W, 3) uint8 RGB.
            time: of the frame, in seconds, unevenly apart or not. One that does not advance is a step like the last.
        Returns: list of TrackedFace, in pixels of `image`.
        """
        check_image(image)
        self._advance(time)
        if self._cut(image):
            self._forget()
        self._follow(image)
        self._find(image)
        self._reclaim()
        self._lost = [track for track in self._lost if self.clock - track.time <= LOST_SECONDS]
        tracked = [TrackedFace(track.id, track.output, self.clock) for track in self._tracks]
        return sorted(tracked, key=lambda one: -one.face.size)

    def _advance(self, time):
        if self._time is not None and time > self._time:
            self._step = time - self._time
        self._time = time
        self.clock += self._step

    def _follow(self, image):
        seen = []
        for track in self._tracks:
            if again := track.seen_in(image, self.clock, self.analyser):
                face, look = again
                seen.append((likeness(look, track.look), track, face, look))
        followed, self._tracks = self._tracks, []
        # two tracks on one face: it is the one's whom it resembles more, the older one's if both are alike
        for _, track, face, look in sorted(seen, key=lambda one: (-round(one[0], 1), one[1].id)):
            if not is_known(face.box, [other.face for other in self._tracks]):
                track.move(face, look, self.clock)
                self._tracks.append(track)
        self._lost += [track for track in followed if track not in self._tracks]

    def _find(self, image):
        """Look for faces that are not being followed."""
        if self.only_largest and self._tracks:
            return
        known = [track.face for track in self._tracks]
        if self._is_search_due and (self._searched is None or self.clock - self._searched >= SEARCH_GAP):
            found = [
                face
                for face in self.analyser.faces(image, small=not self.only_largest)
                if not is_known(face.box, known)
            ]
            self._is_search_due, self._searched = False, self.clock
            if self._newcomers:
                self._newcomers.saw_all(image)
        else:
            found = self.analyser.find_in(image, self._views(image), known)
            if self._newcomers:
                found += self._find_newcomers(image, [*known, *found])
        if self._newcomers:  # the more looks, the more mistakes
            found = [face for face in found if not any(_is_part(face, other) for other in [*known, *found])]
        found = sorted((face for face in found if _is_inside(face, image)), key=lambda face: -face.size)
        for face in found[:1] if self.only_largest else found:
            look = appearance(image, face.five)
            self._tracks.append(Track(self._next_id, face, look, self.clock, self.smooth))
            self._next_id += 1

    def _find_newcomers(self, image, known):
        views = self._newcomers(image, self._step, known)
        if views and not known:  # as the full search does
            image = brightened(image)
        return self.analyser.find_in(image, views, known)

    def _views(self, image):
        """What the detector shall look at in this frame: around each lost face, and the next of the search's views."""
        views = []
        for track in self._lost:
            views += [_view_around(face) for face in track.places(self.clock)]
        is_idle = not self._tracks
        if is_idle not in self._view_turns:
            self._view_turns[is_idle] = _ViewTurns(image.shape[1], image.shape[0], upright=not is_idle)
        turns = self._view_turns[is_idle]
        self._credit += IDLE_VIEWS if is_idle else len(turns.levels) / self.every
        count = int(self._credit)
        self._credit -= count
        return views + turns.take(count)

    def _reclaim(self):
        """Lost tracks take over the faces found since that are theirs."""
        pairs = [
            (likeness(new.look, lost.look), lost, new)
            for lost in self._lost
            for new in self._tracks
            if new.born > lost.time and lost.is_near(new.face, self.clock)
        ]
        for alike, lost, new in sorted(pairs, key=lambda pair: -pair[0]):
            if alike >= SAME_APPEARANCE and lost in self._lost and new.born > lost.time:
                new.id, new.look, new.born = lost.id, lost.look, lost.born
                self._lost.remove(lost)


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


class _ViewTurns:
    """The views of the analyser's search, in portions: one level after another, each with the next of its views.

    upright: leave out the levels of turned views.
    """

    def __init__(self, width: int, height: int, upright: bool):
        every = [(is_fine, views) for is_fine, views in levels(width, height) if views]
        self.levels = [
            itertools.cycle(views)
            for number, (is_fine, views) in enumerate(every)
            if number == 0 or is_fine or not upright
        ]
        self._turns = itertools.cycle(self.levels)

    def take(self, count: int) -> list[np.ndarray]:
        return [next(next(self._turns)) for _ in range(count)]


def _within(new, old, reach):
    """`new`, or what is nearest to `old` and no more than `reach` from `new`."""
    return np.clip(old, new - reach, new + reach)


def _centre(face):
    return face.landmarks[:, :2].mean(0)


def _view_around(face):
    """The detector's view of the place of a face, turned so that it stands upright."""
    return local_views((face.box[:2] + face.box[2:]) / 2, face.size)[round(-face.pose[2] / 90) % 4]


def _is_inside(face, image):
    xy = face.landmarks[:, :2]
    return bool(((xy >= 0) & (xy < image.shape[1::-1])).all(1).mean() >= MIN_INSIDE)


def _is_part(face, other):
    """Whether what was found is a part of a larger face, an earring or an eye, that was taken for a face."""
    middle = (face.box[:2] + face.box[2:]) / 2
    return face.size < MAX_PART * other.size and bool(((other.box[:2] < middle) & (middle < other.box[2:])).all())


def _is_plausible(face, before, image):
    """Whether the mesh network's answer can be the face it was `before`."""
    growth = face.size / before.size
    return face.size >= MIN_FOLLOWED and 1 / MAX_GROWTH < growth < MAX_GROWTH and _is_inside(face, image)
