"""Where the detector looks for people who come in: nobody is overlooked for longer than a bound in seconds.

Somebody who comes in changes the picture, so only places that changed since the detector last looked there need another
look. How many of them have their turn in a frame follows from the bound and from the time that went by: each is looked
at within it, at any frame rate, also when all of the picture moves. Bounds and sizes are shares of the picture's
height, so they are the same at any size.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from paddle_mfs.face.boxes import HasBox
from paddle_mfs.face.geometry import invert, transform
from paddle_mfs.face.views import INPUT, tile_views, whole_view

# Side of a view in pixels of a picture of 1080 lines, share of it that neighbours have in common, seconds until a
# change in it has been looked at. A face is about 0.7 of its head, and found from 20 px of the view's 128 on: heads of
# 130 px in the first three, of 48 px in all. Neighbours share what the smallest face of the next larger view needs.
LEVELS = ((None, 0.0, 0.2), (1120, 0.35, 0.2), (560, 0.35, 0.2), (340, 0.27, 0.5), (208, 0.27, 0.5))
LINES = 1080
SMALLEST = 160  # pixels, of a view: smaller ones would enlarge the picture
CELL = 24  # cells along a view of the last level: the picture is compared cell by cell
CHANGED = 8.0  # of 255, by which a cell must differ in some colour; noise and compression stay below
CONTRAST = 0.2  # or by this times the standard deviation of the picture's cells, where that is less: in the dark
LEAST = 2.0  # but not by less
PAUSE = 0.75  # of its bound, in which a view that was looked at is left alone, however much moves in it
HAIR = 0.25  # of its box, by which a known face reaches beyond it on every side


class NewcomerViews:
    """Says of each frame of a clip where to look. One for a clip.

    most: views a frame, at most; the bounds then hold only while that is enough. None: as many as the bounds want.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._size: tuple[int, int] | None = None
        self._cell = 1  # pixels, side of a cell
        self._levels: list[_Level] = []

    def forget(self) -> None:
        """Nothing has been looked at: a new scene."""
        self._size = None

    def saw_all(self, image: np.ndarray) -> None:
        """All of this frame, (H, W, 3) uint8 RGB, has been searched."""
        cells = self._cells(image)
        for level in self._levels:
            level.saw_all(cells)

    def __call__(self, image: np.ndarray, step: float, known: Sequence[HasBox]) -> list[np.ndarray]:
        """The detector's views (2, 3) of this frame, large ones first.

        Args:
            image: (H, W, 3) uint8 RGB. step: seconds since the frame before. known: faces that are being followed;
                what changes within them needs no look.
        """
        cells = self._cells(image)
        least = max(LEAST, min(CHANGED, CONTRAST * float(cells.std())))
        boxes = [_grown(face.box) / self._cell for face in known]
        views: list[np.ndarray] = []
        for level in self._levels:
            left = None if self._most is None else self._most - len(views)
            views += level.take(cells, least, boxes, step, left)
        return views

    def _cells(self, image):
        """The picture, small; the levels are made when its size is another one than before."""
        height, width = image.shape[:2]
        sides = [(max(SMALLEST, round(side * min(width, height) / LINES)) if side else None) for side, *_ in LEVELS]
        cell = min((sides[-1] or SMALLEST) // CELL, width, height)  # whole pixels: quick to average
        columns, rows = width // cell, height // cell
        whole = image[: rows * cell, : columns * cell]
        cells = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
        if self._size != (width, height):
            self._size, self._cell, self._levels = (width, height), cell, []
            for number, (side, (_, shared, seconds)) in enumerate(zip(sides, LEVELS)):
                if side is None or (side < 0.8 * max(width, height) and side not in sides[:number]):
                    views = [whole_view(width, height)] if side is None else tile_views(width, height, side, 0, shared)
                    self._levels.append(_Level(views, seconds, cells, cell))
        return cells


class _Level:
    """The views of one size: those in which something changed have their turn, the longest changed first.

    seconds: in which all of them can have it.
    """

    def __init__(self, views: list[np.ndarray], seconds: float, cells: np.ndarray, cell: int):
        self._views, self._seconds, self._credit, self._time = views, seconds, 0.0, 0.0
        corners = [transform(np.array([[0, 0], [INPUT, INPUT]], np.float64), invert(view)) / cell for view in views]
        low, high = (np.array([corner[i] for corner in corners]) for i in (0, 1))
        self._rows = np.column_stack([np.floor(low[:, 1]), np.ceil(high[:, 1])]).clip(0, cells.shape[0]).astype(int)
        self._columns = np.column_stack([np.floor(low[:, 0]), np.ceil(high[:, 0])]).clip(0, cells.shape[1]).astype(int)
        self._seen = np.zeros_like(cells)
        self._looked = np.full(len(views), -np.inf)  # when each view was looked at
        self._changed = np.zeros(len(views))  # when it changed after that, inf: not yet

    def saw_all(self, cells):
        self._seen[:], self._looked[:], self._changed[:] = cells, -np.inf, np.inf

    def take(self, cells, least, boxes, step, most):
        """The views to look at now, as `NewcomerViews` describes it; least: of a cell's change; boxes in cells."""
        self._time += step
        self._changed[self._changes(cells, least, boxes) & np.isinf(self._changed)] = self._time
        waiting = np.isfinite(self._changed) & (self._time - self._looked >= PAUSE * self._seconds - 1e-6)
        self._credit = min(self._credit, 1.0) + len(self._views) * step / self._seconds
        count = int(self._credit + 1e-6) if most is None else min(int(self._credit + 1e-6), most)
        taken = np.argsort(np.where(waiting, self._changed, np.inf), kind="stable")[: min(count, waiting.sum())]
        self._credit -= len(taken)
        self._looked[taken], self._changed[taken] = self._time, np.inf
        for number in taken:
            part = slice(*self._rows[number]), slice(*self._columns[number])
            self._seen[part] = cells[part]
        return [self._views[number] for number in taken]

    def _changes(self, cells, least, boxes):
        """(views,) bool: in which of them a cell changed."""
        changed = (cv2.absdiff(cells, self._seen).max(2) > least).astype(np.uint8)
        for x1, y1, x2, y2 in np.maximum(np.rint(boxes), 0).astype(int):
            changed[y1:y2, x1:x2] = 0
        total = cv2.integral(changed)
        (top, bottom), (left, right) = self._rows.T, self._columns.T
        return total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left] > 0


def _grown(box):
    return box + np.array([-1, -1, 1, 1]) * HAIR * np.tile(box[2:] - box[:2], 2)
