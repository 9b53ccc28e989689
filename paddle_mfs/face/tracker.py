"""Faces of a clip, frame by frame: found rarely, followed in between (track.py), smoothed in time.

The detector only looks for new faces, a few views a frame.
"""

from __future__ import annotations

import itertools

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.appearance import appearance, likeness
from paddle_mfs.face.boxes import is_known
from paddle_mfs.face.image import check_image
from paddle_mfs.face.light import brightened
from paddle_mfs.face.newcomers import NewcomerViews
from paddle_mfs.face.scene_cut import CutDetector
from paddle_mfs.face.track import SAME_APPEARANCE, Track, TrackedFace, is_inside
from paddle_mfs.face.views import levels, local_views

FIRST_STEP = 1 / 30  # seconds, taken for a step of time that is not positive before any that is
LOST_SECONDS = 1.0  # seconds a lost face is looked for and may get its id back
SEARCH_GAP = 1.0  # seconds between full searches, however often the scene seems to change
IDLE_VIEWS = 2  # detector views a frame while no face is known
MAX_PART = 0.6  # of a face's size, within which something in its box is no other face


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
        found = sorted((face for face in found if is_inside(face, image)), key=lambda face: -face.size)
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


def _view_around(face):
    """The detector's view of the place of a face, turned so that it stands upright."""
    return local_views((face.box[:2] + face.box[2:]) / 2, face.size)[round(-face.pose[2] / 90) % 4]


def _is_part(face, other):
    """Whether what was found is a part of a larger face, an earring or an eye, that was taken for a face."""
    middle = (face.box[:2] + face.box[2:]) / 2
    return face.size < MAX_PART * other.size and bool(((other.box[:2] < middle) & (middle < other.box[2:])).all())
