"""Measures methods on a list of pairs, chunk by chunk: pictures come and go, only numbers are kept.

Every picture is measured as a 224 px crop in the frame of its face (crop.py). The target and all results of a pair
share the target's frame. Identity is compared with the source, the rest with the target.

A pair of which a picture cannot be read or shows no face, or of which a method has no result, is a failure: it keeps
its place, with numbers that are not known (NaN), and the reason is kept too. A result in which no face is found any
more, or off which a network of a user's reads no number, is a failure as well, though it is measured.

What comes of a chunk depends on nothing but its pairs, so chunks may be measured anywhere and in any order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.metrics.chunks import Chunk
from paddle_mfs.metrics.crop import Crop, load_crop
from paddle_mfs.metrics.estimator import Estimator
from paddle_mfs.metrics.features import Features
from paddle_mfs.metrics.groups import groups_of
from paddle_mfs.metrics.methods import Method, Result
from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.metrics.preservation import Preservation, Target
from paddle_mfs.metrics.readings import READ, TargetReadings
from paddle_mfs.metrics.recogniser import BATCH, Judge
from paddle_mfs.metrics.sharpness import picture_sharpness
from paddle_mfs.metrics.temporal import Frame, flicker, relative_jitter
from paddle_mfs.models.inception import FEATURES
from paddle_mfs.utils.errors import UserError

FACELESS = "no face in the result"  # a failure that is measured nevertheless
COLUMNS = (*Preservation._fields, "picture_sharpness", "jitter", "flicker", *READ.values())
REMEMBERED = 4  # crops: a source is often that of the pair before, too


class Seen(NamedTuple):
    """The pictures of one pair: source and target crops, and the result of each method that has one, else `reasons`
    why not. `held`: what the results are held against."""

    source: Crop
    target: Crop
    results: dict[str, Result]
    reasons: dict[str, str]
    held: Target


class Descriptors:
    """Descriptors of pictures that come one by one, described in batches; `rows` are they, (N, D), NaN of those that
    are missing."""

    def __init__(self, judge: Judge):
        self._judge = judge
        self._chips: list[np.ndarray] = []
        self._described: list[np.ndarray] = []
        self._numbers: list[int | None] = []  # of each picture among the descriptors
        self._last: np.ndarray | None = None

    def add(self, image: np.ndarray | None, five: np.ndarray | None = None) -> None:
        """A picture (H, W, 3) uint8 RGB with its five points; None: it is missing. The very array that was added last,
        with the same points, is not described again."""
        if image is None or five is None:
            self._numbers.append(None)
            return
        if image is not self._last:
            self._last = image
            self._chips.append(self._judge.chip(image, five))
            if len(self._chips) == BATCH:
                self._describe()
        self._numbers.append(len(self._described) + len(self._chips) - 1)

    def _describe(self):
        if self._chips:
            self._described += list(self._judge.descriptors(self._chips))
        self._chips = []

    @property
    def rows(self) -> np.ndarray:
        self._describe()
        missing = np.full(len(self._described[0]) if self._described else 1, np.nan, np.float32)
        return np.array([missing if number is None else self._described[number] for number in self._numbers])


@dataclass
class Measured:
    """One method's numbers, in the order of the pairs: `columns` {name of COLUMNS: (N,) float64}, `descriptors` (N, D),
    `features` (N, 2048) or None, `failures` [(pair's place, reason)]."""

    columns: dict[str, np.ndarray]
    descriptors: np.ndarray
    features: np.ndarray | None
    failures: list[tuple[int, str]]


@dataclass
class Measurement:
    """Of all methods by name; `sources`, their descriptors (N, D) by pair; `groups` of the targets by pair (see
    `groups.groups_of`), {} where it is not known; `originals`, features (M, 2048) of the pictures that results are held
    against as a set, or None. Of a list of pairs, or of a chunk of one."""

    methods: dict[str, Measured]
    sources: np.ndarray
    groups: list[dict[str, str]]
    originals: np.ndarray | None


@dataclass
class _Log:
    """What is noted of one method, pair by pair."""

    described: Descriptors
    rows: list[list[float]] = field(default_factory=list)
    features: list[np.ndarray] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    before: Frame | None = None

    def fail(self, place, reason):
        self.failures.append((place, reason))
        self.rows.append([np.nan] * len(COLUMNS))
        self.described.add(None)
        self.before = None


class _OnePairsFeatures:
    """Features of the pictures of one pair, each seen once: no swap's picture is its target's."""

    def __init__(self, features):
        self._features, self._seen = features, []

    def __call__(self, crop, picture):
        for pictures, row in self._seen:
            if pictures[0] is crop and pictures[1] is picture:
                return row
        self._seen.append(((crop, picture), self._features.see(crop, picture)))
        return self._seen[-1][1]


class Measurer:
    """Measures methods, {name: Method}, by a judge of identity and, where they are given, features for FID and KID and
    a user's networks for pose and expression, by the section of the config that they are of."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        judge: Judge,
        features: Features | None = None,
        estimators: Mapping[str, Estimator] | None = None,
    ):
        self.methods, self.judge, self.features, self.estimators = methods, judge, features, estimators or {}
        self.analyser = FaceAnalyser()
        self._crop = functools.lru_cache(REMEMBERED)(self._load)

    def __call__(
        self, pairs: Pairs, chunk: Chunk, watch: Callable[[int, Seen | None], None] = lambda place, seen: None
    ) -> Measurement:
        """Measure a chunk of pairs; `watch` is told each pair's place and pictures, None where one of them fails."""
        logs = {name: _Log(Descriptors(self.judge)) for name in self.methods}
        sources, originals = Descriptors(self.judge), [np.zeros((0, FEATURES), np.float32)]
        groups: list[dict[str, str]] = []
        if chunk.follows:
            self._look_before(pairs, chunk.places[0] - 1, logs)
        for place in chunk.places:
            crops = [self._crop(path) for path in pairs.files[place]]
            features = _OnePairsFeatures(self.features)
            for crop in (crops[which] for which in chunk.originals.get(place, ())):
                if isinstance(crop, Crop):
                    originals.append(features(crop.image, crop.photo))
            try:
                seen = self._see(pairs, place, *crops)
            except UserError as error:
                sources.add(None)
                groups.append({})
                for log in logs.values():
                    log.fail(place, str(error))
                watch(place, None)
                continue
            sources.add(seen.source.image, seen.source.five)
            groups.append(groups_of(seen.target.image, seen.target.landmarks))
            readings = TargetReadings(self.estimators, seen.target)
            for name, log in logs.items():
                if name in seen.results:
                    self._note(log, pairs, place, seen, seen.results[name], features, readings)
                else:
                    log.fail(place, seen.reasons[name])
            watch(place, seen)
        return Measurement(
            {name: self._measured(log) for name, log in logs.items()},
            sources.rows,
            groups,
            np.concatenate(originals) if self.features else None,
        )

    def _load(self, path):
        """The Crop of a picture, or in words why there is none."""
        try:
            return load_crop(path, self.analyser)
        except UserError as error:
            return str(error)

    def _see(self, pairs, place, source, target):
        for crop in (source, target):
            if isinstance(crop, str):
                raise UserError(crop)
        mask = pairs.masks.get(pairs.files[place][1])
        covered = target.covered(mask) if mask else None
        held = Target(target.image, target.landmarks, target.five, target.oval, self.analyser, covered)
        results, reasons = {}, {}
        for name, method in self.methods.items():
            try:
                results[name] = method.make(source, target, pairs.files[place])
            except UserError as error:
                reasons[name] = str(error)
        return Seen(source, target, results, reasons, held)

    def _look_before(self, pairs, place, logs):
        """At the pair before the chunk's first one: a frame of the same clip, from which the first one moves on."""
        try:
            seen = self._see(pairs, place, *(self._crop(path) for path in pairs.files[place]))
        except UserError:
            return
        for name, result in seen.results.items():
            logs[name].before = _frame(seen, result, seen.held.look(result.image)[0])

    def _note(self, log, pairs, place, seen, result, features, readings):
        landmarks, is_face = seen.held.look(result.image)
        read, unread = readings.errors(result.picture)
        if failed := unread if is_face else FACELESS:
            log.failures.append((place, failed))
        preserved = seen.held.preservation(result.image, landmarks)
        steadiness = np.nan, np.nan
        if pairs.consecutive:
            now = _frame(seen, result, landmarks)
            if log.before and pairs.follows(place):
                steadiness = relative_jitter(log.before, now), flicker(log.before, now)
            log.before = now
        log.rows.append([*preserved, picture_sharpness(result.picture, seen.target), *steadiness, *read])
        log.described.add(result.image, seen.target.five)
        if self.features:
            log.features.append(features(*result))

    def _measured(self, log):
        features = np.concatenate(log.features) if log.features else None
        return Measured(dict(zip(COLUMNS, np.array(log.rows).T)), log.described.rows, features, log.failures)


def _frame(seen, result, landmarks):
    return Frame(seen.held.landmarks, landmarks, result.image, seen.target.oval)


def joined(parts: Sequence[Measurement]) -> Measurement:
    """The measurements of all chunks of a list, in order, as one. Raises UserError when a method has no pair that could
    be measured."""
    methods = {}
    for name in parts[0].methods:
        of = [part.methods[name] for part in parts]
        columns = {key: np.concatenate([one.columns[key] for one in of]) for key in COLUMNS}
        features = [one.features for one in of if one.features is not None]
        failures = [failure for one in of for failure in one.failures]
        if all(np.isnan(values).all() for values in columns.values()):
            others = f" (and {len(failures) - 1} more pairs failed)" if len(failures) > 1 else ""
            raise UserError(f"{name}: no pair could be measured: {failures[0][1]}{others}")
        methods[name] = Measured(
            columns,
            _stacked([one.descriptors for one in of]),
            np.concatenate(features) if features else None,
            failures,
        )
    originals = [part.originals for part in parts if part.originals is not None]
    return Measurement(
        methods,
        _stacked([part.sources for part in parts]),
        [groups for part in parts for groups in part.groups],
        np.concatenate(originals) if originals else None,
    )


def _stacked(descriptors):
    """Rows of several arrays, of which those that hold no descriptor have a width of 1."""
    width = max(rows.shape[1] for rows in descriptors)
    return np.concatenate([np.broadcast_to(rows, (len(rows), width)) for rows in descriptors])
