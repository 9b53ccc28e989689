"""Measures a list of pairs chunk by chunk, in this process or in several at a time, to the same numbers."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.metrics.chunks import Chunk, chunks
from paddle_mfs.metrics.crop import MEASURED_SIZE
from paddle_mfs.metrics.measure import Measurement, Measurer, joined
from paddle_mfs.metrics.pairs import FilePairs, Pairs
from paddle_mfs.metrics.sheet import SHOWN
from paddle_mfs.ops.threads import use_threads
from paddle_mfs.utils.cores import cores

if TYPE_CHECKING:
    from paddle_mfs.utils.config import Config

Rows = list[list[np.ndarray]]
LEAST = 2  # chunks that a process must have to measure to be worth its start


def measure(
    measurer: Measurer,
    build: Callable[[Config, int], Measurer],
    config: Config,
    pairs: Pairs,
    progress_bar: Callable[[FilePairs], FilePairs] = iter,
) -> tuple[Measurement, Rows]:
    """Measure pairs -> (Measurement, rows); rows as of `study.run`.

    Args:
        measurer: for this process.
        build: (config, threads) -> the same measurer anew, in a process of its own. It is a function of a module, for
            methods are networks and cannot be sent there: all they are made of must follow from the config, as in
            `study.build`.
        config: its `workers` says how many processes.
        progress_bar: wraps the iterable of pairs (tqdm).

    Raises UserError when a method has not one pair that could be measured, and when a process dies.
    """
    features = measurer.features
    key = features.key(pairs.pictures_sha256()) if features else ""
    kept = features.cached(key) if features else None
    tasks = list(chunks(pairs, features.against if features and kept is None else None))
    workers, bar = _processes(config.workers, len(tasks)), iter(progress_bar(pairs.files))
    parts: list[Measurement] = []
    rows: Rows = []
    make, of = (_Part.anew, (build, config, pairs)) if workers else (_Part, (measurer, pairs))
    with contextlib.closing(ordered(make, of, tasks, workers)) as made:
        for chunk, (part, shown) in zip(tasks, made):
            parts.append(part)
            rows += shown
            deque(itertools.islice(bar, len(chunk.places)), 0)  # these are done
    next(bar, None)  # the end of it
    measurement = joined(parts)
    if kept is not None:
        measurement.originals = kept
    elif features and measurement.originals is not None:
        features.keep(key, measurement.originals)
    return measurement, rows


def _processes(wanted, tasks):
    """How many processes measure besides this one, which then waits; 0: it measures alone."""
    count = min(cores(), tasks // LEAST) if wanted is None else min(wanted, tasks)
    return count if count > 1 else 0


class _Part:
    """Callable, of which each process has one: Chunk -> (Measurement of it, its rows of the sheet)."""

    def __init__(self, measurer: Measurer, pairs: Pairs):
        self._measurer, self._pairs = measurer, pairs

    @classmethod
    def anew(cls, build, config, pairs):
        use_threads(1)
        with contextlib.redirect_stdout(None):  # what there is to say of a method was said where it was built first
            return cls(build(config, 1), pairs)

    def __call__(self, chunk: Chunk) -> tuple[Measurement, Rows]:
        rows = []

        def watch(place, seen):
            if place < SHOWN:
                rows.append(self._row(seen))

        return self._measurer(self._pairs, chunk, watch), rows

    def _row(self, seen):
        grey = np.full((MEASURED_SIZE, MEASURED_SIZE, 3), 128, np.uint8)
        if seen is None:
            return [grey] * (2 + len(self._measurer.methods))
        made = [seen.results[name].image if name in seen.results else grey for name in self._measurer.methods]
        return [seen.source.image, seen.target.image, *made]
