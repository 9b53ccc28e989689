"""Frames wait half a second before they are painted, so that a face found late is swapped from its first frame on.

The face is followed backwards through the frames that wait, as the tracker follows forwards, until it is not there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.appearance import appearance
from paddle_mfs.face.boxes import is_known
from paddle_mfs.face.track import Track, TrackedFace
from paddle_mfs.video.frame import Picture

AHEAD = 0.5  # seconds
MOST = 60  # frames that wait, however many there are in that time
VIEWS = 64 << 20  # bytes of RGB views that wait; those of more are made again


@dataclass
class Frame:
    """One frame and its faces. time: `FaceTracker.clock`; scene: `FaceTracker.scene`; ids: `FaceTracker.ids`."""

    picture: Picture
    time: float
    scene: int
    tracked: list[TrackedFace]
    ids: frozenset[int]


class LookAhead:
    """The frames that wait; one for a clip.

    Args:
        analyser: FaceAnalyser.
    """

    def __init__(self, analyser: FaceAnalyser):
        self._analyser = analyser
        self._frames: deque[Frame] = deque()
        self._scene = -1  # of the last frame that went
        self._longest, self._is_longer = 0.0, False

    def add(self, frame: Frame) -> list[Frame]:
        """The next frame -> those that need not wait any more."""
        before = {one.id for one in self._frames[-1].tracked} if self._frames else set()
        for tracked in frame.tracked:
            if tracked.id not in before:
                self._trace(tracked, frame)
        if (len(self._frames) + 1) * frame.picture.rgb.nbytes > VIEWS:
            for earlier in self._frames:
                earlier.picture.rest()
        self._frames.append(frame)
        ready = []
        while frame.time - self._frames[0].time > AHEAD or len(self._frames) > MOST:
            self._scene = self._frames[0].scene
            ready.append(self._frames.popleft())
        return ready

    def finish(self) -> list[Frame]:
        """Those that still wait, there being no next one."""
        ready = list(self._frames)
        self._frames.clear()
        return ready

    @property
    def notes(self) -> list[str]:
        """[] or one sentence: the longest time between the frame a face can first be seen in and that in which it was
        found; "or more" when it can be seen in all the frames that waited."""
        more = " or more" if self._is_longer else ""
        return [f"longest wait of a newcomer {self._longest:.2f} s{more}"] if self._longest else []

    def _trace(self, found: TrackedFace, frame: Frame) -> None:
        """Put a face into the frames before that in which it was found. Time runs backwards for its track."""
        track = Track(found.id, found.face, appearance(frame.picture.shown, found.face.five), -frame.time, smooth=True)
        wait, is_longer = 0.0, self._scene == frame.scene
        for earlier in reversed(self._frames):
            again = earlier.scene == frame.scene and track.seen_in(earlier.picture.shown, -earlier.time, self._analyser)
            if not again or is_known(again[0].box, [other.face for other in earlier.tracked]):
                is_longer = False
                break
            track.move(*again, -earlier.time)
            earlier.tracked.append(TrackedFace(found.id, track.output, earlier.time))
            if found.id not in earlier.ids:  # else one that was lost for a moment
                wait = frame.time - earlier.time
                earlier.ids |= {found.id}
        if (wait, is_longer) > (self._longest, self._is_longer) and wait:
            self._longest, self._is_longer = wait, is_longer
