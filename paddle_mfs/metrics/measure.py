"""Measures methods on a list of pairs, pair by pair: pictures come and go, only numbers are kept.

Every picture is measured as a 224 px crop in the frame of its face (crop.py). The target and all results of a pair
share the target's frame. Identity is compared with the source, the rest with the target.

A pair of which a picture cannot be read or shows no face, or of which a method has no result, is a failure: it keeps
its place, with numbers that are not known (NaN), and the reason is kept too. A result in which no face is found any
more, or off which a network of a user's reads no number, is a failure as well, though it is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
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
from paddle_mfs.utils.errors import UserError

FilePairs = Iterable[tuple[Path, Path]]
FACELESS = "no face in the result"  # a failure that is measured nevertheless
COLUMNS = (*Preservation._fields, "picture_sharpness", "jitter", "flicker", *READ.values())


class Seen(NamedTuple):
    """The pictures of one pair: source and target crops, and the result of each method that has one."""

    source: Crop
    target: Crop
    results: dict[str, Result]


class Descriptors:
    """Descriptors of pictures that come one by one, described in batches; `rows` are they, (N, D), NaN of those that
    are missing."""

    def __init__(self, judge: Judge):
        self._judge = judge
        self._chips: dict[int, np.ndarray] = {}
        self._rows: list[np.ndarray | None] = []

    def add(self, image: np.ndarray | None, five: np.ndarray | None = None) -> None:
        """A picture (H, W, 3) uint8 RGB with its five points; None: it is missing."""
        if image is not None and five is not None:
            self._chips[len(self._rows)] = self._judge.chip(image, five)
        self._rows.append(None)
        if len(self._chips) == BATCH:
            self._describe()

    def _describe(self):
        if self._chips:
            for number, row in zip(self._chips, self._judge.descriptors(list(self._chips.values()))):
                self._rows[number] = row
        self._chips = {}

    @property
    def rows(self) -> np.ndarray:
        self._describe()
        width = next((len(row) for row in self._rows if row is not None), 1)
        return np.array([np.full(width, np.nan, np.float32) if row is None else row for row in self._rows])


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
    against as a set, or None."""

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
    before: tuple[str, Frame] | None = None

    def fail(self, place, reason):
        self.failures.append((place, reason))
        self.rows.append([np.nan] * len(COLUMNS))
        self.described.add(None)
        self.before = None


class _Originals:
    """Features of the pictures that results are held against as a set: each one's once, and none that are cached."""

    def __init__(self, features, pairs):
        self._features, self._key = features, features.key(pairs.pictures_sha256())
        self._kept, self._seen = features.cached(self._key), {}

    def see(self, files, crops):
        first = 0 if self._features.against == "originals" else 1
        for path, crop in list(zip(files, crops))[first:]:
            if self._kept is None and path not in self._seen:
                self._seen[path] = self._features.see(crop.image, crop.photo)

    def rows(self):
        if self._kept is None:
            self._features.keep(self._key, np.concatenate(list(self._seen.values())))
        return np.concatenate(list(self._seen.values())) if self._kept is None else self._kept


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

    def __call__(
        self,
        pairs: Pairs,
        progress_bar: Callable[[FilePairs], FilePairs] = iter,
        watch: Callable[[Seen], None] = lambda seen: None,
    ) -> Measurement:
        """Measure pairs; `watch` sees each pair's pictures, `progress_bar` wraps the iterable of pairs (tqdm).

        Raises UserError when not one pair could be measured.
        """
        logs = {name: _Log(Descriptors(self.judge)) for name in self.methods}
        sources, originals = Descriptors(self.judge), _Originals(self.features, pairs) if self.features else None
        groups: list[dict[str, str]] = []
        for place, files in enumerate(progress_bar(pairs.files)):
            try:
                source, target = (load_crop(path, self.analyser) for path in files)
                mask = pairs.masks.get(files[1])
                covered = target.covered(mask) if mask else None
            except UserError as error:
                sources.add(None)
                groups.append({})
                for log in logs.values():
                    log.fail(place, str(error))
                continue
            sources.add(source.image, source.five)
            groups.append(groups_of(target.image, target.landmarks))
            held = Target(target.image, target.landmarks, target.five, target.oval, self.analyser, covered)
            readings = TargetReadings(self.estimators, target)
            if originals:
                originals.see(files, (source, target))
            results = {}
            for name, method in self.methods.items():
                try:
                    results[name] = method.make(source, target, files)
                except UserError as error:
                    logs[name].fail(place, str(error))
                    continue
                self._note(logs[name], pairs, place, target, held, readings, results[name])
            watch(Seen(source, target, results))
        for name, log in logs.items():
            if np.isnan(log.rows).all():
                others = f" (and {len(log.failures) - 1} more pairs failed)" if len(log.failures) > 1 else ""
                raise UserError(f"{name}: no pair could be measured: {log.failures[0][1]}{others}")
        return Measurement(
            {name: self._measured(log) for name, log in logs.items()},
            sources.rows,
            groups,
            originals.rows() if originals else None,
        )

    def _note(self, log, pairs, place, target, held, readings, result):
        landmarks, is_face = held.look(result.image)
        read, unread = readings.errors(result.picture)
        if failed := unread if is_face else FACELESS:
            log.failures.append((place, failed))
        preserved = held.preservation(result.image, landmarks)
        steadiness, clip = (np.nan, np.nan), pairs.videos[place] if pairs.videos and pairs.consecutive else None
        if clip is not None:
            now = Frame(held.landmarks, landmarks, result.image, target.oval)
            if log.before and log.before[0] == clip:
                steadiness = relative_jitter(log.before[1], now), flicker(log.before[1], now)
            log.before = clip, now
        log.rows.append([*preserved, picture_sharpness(result.picture, target), *steadiness, *read])
        log.described.add(result.image, target.five)
        if self.features:
            log.features.append(self.features.see(*result))

    def _measured(self, log):
        features = np.concatenate(log.features) if log.features else None
        return Measured(dict(zip(COLUMNS, np.array(log.rows).T)), log.described.rows, features, log.failures)
