"""The parts in which a list of pairs is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.metrics.recogniser import BATCH

CHUNK = BATCH  # pairs: the last digits of a descriptor depend on those it is described with
AGAINST = {"targets": (1,), "originals": (0, 1)}  # the pictures of a pair that results are held against as a set


@dataclass
class Chunk:
    """Some neighbouring pairs by their places in the list.

    follows: the first one is a frame of the same clip as the pair before. originals: {place: (0 for its source, 1 for
    its target, ...)}, the pictures whose features are wanted.
    """

    places: range
    follows: bool
    originals: dict[int, tuple[int, ...]]


def chunks(pairs: Pairs, against: str | None = None) -> Iterator[Chunk]:
    """The list in chunks, in order.

    against: a key of AGAINST, to want the features of these pictures, each where the list has it first; None: of none.
    """
    met = set()

    def first_met(place):
        for which in AGAINST[against] if against else ():
            path = pairs.files[place][which]
            if path not in met:
                met.add(path)
                yield which

    for start in range(0, len(pairs.files), CHUNK):
        places = range(start, min(start + CHUNK, len(pairs.files)))
        originals = {place: tuple(first_met(place)) for place in places}
        yield Chunk(places, pairs.follows(start), {place: which for place, which in originals.items() if which})
