"""Where the detector looks: the whole picture, tiles of it, turned copies, the place of a face.

A view is a (2, 3) matrix that maps the picture to the detector's input (pixel centres at integers).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

INPUT = 128  # pixels, side of the detector's input
TILE = 160  # pixels, smallest upright tile: finds faces from 26 px on
TURNED_TILE = 256  # pixels, smallest turned tile: finds faces from 40 px on


def whole_view(width: int, height: int, angle: float = 0, margin: float = 0.0) -> np.ndarray:
    """The view (2, 3) that fits the whole picture, turned by `angle` degrees, into the detector's input.

    margin: extra border around the picture, as a fraction of its longer side (finds a face larger than the picture).
    """
    corners = np.array([[width, height], [width, -height]]) @ _turned(angle).T
    linear = _turned(angle, INPUT / (np.abs(corners).max() * (1 + 2 * margin)))
    return _centred(linear, [(width - 1) / 2, (height - 1) / 2])


def _turned(angle, scale=1.0):
    """(2, 2) rotation clockwise in the image by `angle` degrees, times `scale`."""
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return scale * np.array([[cosine, -sine], [sine, cosine]])


def _centred(linear, point):
    """The matrix with the given linear part that sends `point` to the middle of the input."""
    return np.column_stack([linear, (INPUT - 1) / 2 - linear @ np.asarray(point, np.float64)])


def local_views(centre: np.ndarray, size: float) -> list[np.ndarray]:
    """Four views around a face at `centre` (2,), turned by 0, 90, 180 and 270 degrees; its `size` spans 0.4 of each."""
    return [_centred(_turned(angle, INPUT / (size * 2.5)), centre) for angle in (0, 90, 180, 270)]


def tile_views(width: int, height: int, tile: float, angle: float = 0, overlap: float = 0.35) -> list[np.ndarray]:
    """Views of square tiles of side `tile` that cover the picture, neighbours sharing `overlap` of their side.

    Measured on generated faces: BlazeFace finds all of 20 to 120 px (of 128) in a view, 83 % of 16 px, 33 % of 14 px.
    Levels of tiles that halve, sharing 0.35, therefore leave no size out.
    """
    linear = _turned(angle, INPUT / tile)
    stride = tile * (1 - overlap)

    def middles(length):
        if length <= tile:
            return [(length - 1) / 2]
        return np.linspace(tile / 2, length - tile / 2, int(np.ceil((length - tile) / stride)) + 1) - 0.5

    return [_centred(linear, (x, y)) for y in middles(height) for x in middles(width)]


def levels(width: int, height: int) -> Iterator[tuple[bool, list[np.ndarray]]]:
    """The search order: (is it a level of upright tiles, views)."""
    yield False, [whole_view(width, height)]
    yield False, [whole_view(width, height, angle, margin) for margin in (0, 0.5) for angle in (0, 90, 180, 270)][1:]
    for tile in _tiles(width, height, TILE):
        yield True, tile_views(width, height, tile)
    for tile in _tiles(width, height, TURNED_TILE):
        yield False, [view for angle in (90, 180, 270) for view in tile_views(width, height, tile, angle)]


def _tiles(width, height, smallest):
    """Tile sides, largest first: `smallest` times powers of two below 0.8 of the picture's longer side."""
    sides = []
    while smallest < 0.8 * max(width, height):
        sides.append(smallest)
        smallest *= 2
    return sides[::-1]
