"""The one place that knows how the faces of a clip are found, selected and swapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from paddle_mfs.face.geometry import compose, invert, transform
from paddle_mfs.face.light import is_night
from paddle_mfs.face.newcomers import NewcomerViews
from paddle_mfs.face.paste import paste
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.memory import ClipMemory
from paddle_mfs.swap.patch import Patch, paste_all
from paddle_mfs.swap.select import ClipSelection
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.video.frame import Picture
from paddle_mfs.video.look_ahead import Frame, LookAhead

MARGIN = 3  # pixels by which a paste may reach beyond its crop


class FrameFaces(NamedTuple):
    """What was found in one frame: selected, the faces to swap; ids of all faces tracked then (`FaceTracker.ids`)."""

    selected: Sequence[TrackedFace]
    ids: frozenset[int]


class ClipFaces:
    """Finds and swaps the faces of one clip; `find` or `find_ahead`, `paint` and `paste` may run in different threads,
    frames in order.

    Args:
        swapper: FaceSwapper. which: "largest", "all" or an index, see `ClipSelection`; None: `swapper.default_face`.
        most_views: at most so many looks for newcomers a frame, where latency counts more, see `NewcomerViews`.

    Raises: UserError when `which` is another word.
    """

    def __init__(self, swapper: FaceSwapper, which: str | int | None = None, most_views: int | None = None):
        self._swapper, self._memory, self._dark = swapper, ClipMemory(), 0
        which = swapper.default_face if which is None else which
        self._selection = ClipSelection(which)  # keeps the largest face of the beginning while it is tracked, too
        newcomers = None if which == "largest" else NewcomerViews(most_views)
        self._tracker = FaceTracker(swapper.analyser, only_largest=which == "largest", newcomers=newcomers)
        self._ahead = LookAhead(swapper.analyser)

    def find(self, image: np.ndarray, time: float) -> FrameFaces:
        """The faces of a frame, (H, W, 3) uint8 RGB, shown at `time` seconds."""
        return FrameFaces(self._selection(self._tracker.update(image, time)), self._tracker.ids)

    def find_ahead(self, picture: Picture | None) -> Iterator[tuple[Picture, FrameFaces]]:
        """The same with a look ahead: faces found late are there in the earlier frames, too, see `LookAhead`.

        Args:
            picture: of the next frame; None: there is none any more.
        Yields: the pictures whose faces are final now, in order.
        """
        if picture is None:
            frames = self._ahead.finish()
        else:
            tracked = self._tracker.update(picture.shown, picture.frame.time)
            now = self._tracker.clock, self._tracker.scene
            frames = self._ahead.add(Frame(picture, *now, tracked, self._tracker.ids))
        for frame in frames:
            yield frame.picture, FrameFaces(self._selection(frame.tracked), frame.ids)

    @property
    def notes(self) -> list[str]:
        """How long newcomers waited until they were found, what could not be found or painted: a sentence each."""
        dark = [f"{self._dark} frames too dark to see a face in"] if self._dark else []
        return self._ahead.notes + dark + [f"{count} faces left: {why}" for why, count in self._memory.left.items()]

    def paint(self, image: np.ndarray, found: FrameFaces) -> list[Patch]:
        """The swapped faces, see `FaceSwapper.patches`; one that stays as it is, or cannot be painted, has none.

        What is remembered of a face goes with its track. `find` is some frames ahead: `found` says which tracks there
        were.
        """
        self._memory.keep(found.ids)
        self._dark += not found.selected and is_night(image)
        return self._swapper.patches(image, found.selected, self._memory)

    def paste(self, picture: Picture, patches: Sequence[Patch]) -> None:
        """Put what `paint` made of `picture.shown` into the `Picture`, pixel for pixel of its frame."""
        for patch in patches:
            patch = patch._replace(matrix=compose(patch.matrix, picture.to_shown))
            with picture.editing(_reach(patch.matrix)):
                paste(picture.rgb, *patch, inplace=True)

    def swap_rgb(self, image: np.ndarray, found: FrameFaces) -> int:
        """Swap them in a picture, (H, W, 3) uint8 RGB, in place -> how many were swapped; others stay as they are."""
        patches = self.paint(image, found)
        paste_all(image, patches)
        return len(patches)


def _reach(matrix: np.ndarray) -> np.ndarray:
    """(4, 2) corners, in pixels of the image, of the crop that `matrix` cuts and a bit more: what pasting changes."""
    low, high = -MARGIN, SIZE - 1 + MARGIN
    return transform(np.array([[low, low], [high, low], [low, high], [high, high]], np.float64), invert(matrix))
