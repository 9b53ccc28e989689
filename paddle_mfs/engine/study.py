"""An evaluation by a protocol, a file of configs/evaluate: pairs, methods and judges as the config says -> a report."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mfs.engine.measuring import measure
from paddle_mfs.engine.settings import Rule, above_zero, at_least, file_or, load_checked, one_of, weights_path
from paddle_mfs.metrics import layouts
from paddle_mfs.metrics.chunks import AGAINST
from paddle_mfs.metrics.crop import MEASURED_SIZE
from paddle_mfs.metrics.estimator import COLOURS, CUTS, READS, Estimator, EstimatorSettings
from paddle_mfs.metrics.features import RESIZES, Features
from paddle_mfs.metrics.measure import Measurer
from paddle_mfs.metrics.methods import Method, by_folder, by_network, by_teacher, no_swap
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import FilePairs, Pairs, load_sets
from paddle_mfs.metrics.readings import READ
from paddle_mfs.metrics.recogniser import NAMES, Judge
from paddle_mfs.metrics.statistics import RESAMPLES
from paddle_mfs.metrics.summary import summarise
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.resources import find
from paddle_mfs.weights import bundled

if TYPE_CHECKING:
    from paddle_mfs.utils.config import Config

LAYOUTS = ("lists", "folders", "videos", "clips")
METHODS = ("ours", "mesh", "none", "simswap")
FOLDER = "folder:"  # begins a method that is a folder of pictures
WEIGHTS = "weights:"  # begins one that is another network of our kind


def _estimator_rules(section):
    """Of a network of a user's, `pose:` or `expression:`."""

    def are_three(values, low):
        kinds = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        return kinds and len(values) == 3 and all(low < value < math.inf for value in values)

    def are_ends(values):
        return not values or ([type(end) for end in values] == [int, int] and 0 <= values[0] < values[1])

    return (
        file_or(f"{section}.onnx", None),
        one_of(f"{section}.cut", CUTS),
        above_zero(f"{section}.side"),
        Rule(f"{section}.size", lambda value: value is None or (type(value) is int and value > 0), "null or pixels"),
        one_of(f"{section}.colours", COLOURS),
        Rule(f"{section}.mean", lambda values: are_three(values, -math.inf), "a list of three numbers"),
        Rule(f"{section}.std", lambda values: are_three(values, 0), "a list of three numbers above 0"),
        Rule(f"{section}.outputs", lambda names: all(isinstance(name, str) for name in names), "a list of names"),
        one_of(f"{section}.read", READS),
        Rule(f"{section}.values", are_ends, "[] or [first, end], 0 <= first < end"),
    )


RULES = (
    one_of("pairs.layout", LAYOUTS),
    at_least("pairs.frames", 1),
    Rule(
        "methods",
        lambda names: bool(names) and all(name in METHODS or str(name).startswith((FOLDER, WEIGHTS)) for name in names),
        f"a list of {', '.join(METHODS)}, {WEIGHTS}FILE or {FOLDER}DIR",
    ),
    file_or("ours.weights", "bundled"),
    file_or("ours.encoder", "bundled"),
    file_or("simswap.weights", None),
    file_or("simswap.encoder", None),
    one_of("recogniser.name", NAMES),
    file_or("recogniser.weights", None),
    file_or("features.weights", None),
    one_of("features.resize", RESIZES),
    one_of("features.of", ("crops", "pictures")),
    one_of("features.against", AGAINST),
    *(rule for section in READ for rule in _estimator_rules(section)),
    Rule("workers", lambda value: value is None or (type(value) is int and value >= 0), "null or at least 0"),
    at_least("seed", 0),
)


def load_protocol(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The settings of a protocol, see configs/evaluate/heldout.yml. Raises UserError, see `settings.load_checked`."""
    overrides = list(overrides)
    return load_checked(path, overrides, RULES)


def load_pairs(config: Config) -> Pairs:
    """The pairs of a protocol's `pairs:`. Raises UserError for what is missing, see metrics/layouts.py."""
    section, layout = config.pairs, config.pairs.layout

    def wanted(key):
        if not section[key]:
            raise UserError(f"pairs.{key}: the layout {layout} needs it; set it, -o pairs.{key}=PATH")
        return section[key]

    if layout == "lists":
        return _joined(load_sets(wanted("faces"), _count(section)))
    if layout == "folders":
        pairs = layouts.two_folders(wanted("sources"), wanted("targets"))
    elif layout == "clips":
        pairs = layouts.clips(wanted("sources"), wanted("targets"))
    else:
        pairs = layouts.videos(wanted("targets"), wanted("listed"), section.frames, section.both_ways)
    if (count := _count(section)) is not None:
        if count > len(pairs.files):
            raise UserError(f"pairs.count: there are {len(pairs.files)} pairs; ask for 1 to {len(pairs.files)} of them")
        pairs.files, pairs.videos = pairs.files[:count], pairs.videos and pairs.videos[:count]
    return pairs


def _count(section):
    count = section.count
    if count is not None and (not isinstance(count, int) or count < 1):
        raise UserError(f"pairs.count: {count} pairs; ask for 1 or more, or null for all")
    return count


def _joined(sets):
    masks = {target: mask for one in sets.values() for target, mask in one.masks.items()}
    files = [pair for one in sets.values() for pair in one.files]
    names = [name for name, one in sets.items() for _ in one.files] if len(sets) > 1 else None
    return Pairs(files, next(iter(sets.values())).listed_in, masks, sets=names)


def _method(name: str, config: Config) -> Method:
    if name == "none":
        return no_swap()
    if name == "ours" or name.startswith(WEIGHTS):
        path = name[len(WEIGHTS) :] if name != "ours" else weights_path(config.ours.weights) or bundled("mfs_224")
        return by_network(NetworkSwap(find(path), config.ours.size, weights_path(config.ours.encoder)))
    if name.startswith(FOLDER):
        return by_folder(name[len(FOLDER) :])
    if name == "mesh":
        return by_teacher(create_teacher({"name": "mesh"}))
    files = {key: path for key, path in config.simswap.items() if path}
    facts = {key: {"file": Path(path).name, "sha256": sha256(path)} for key, path in files.items()}
    return by_teacher(create_teacher({"name": "simswap", **files}), **facts)


def build(config: Config, threads: int | None = None) -> Measurer:
    """What a protocol's settings say is measured, and by what: methods, judge, features, estimators. The settings alone
    decide what it is, so that other processes build the same.

    threads: of each network that can have several; None: as many as it is used to. Raises UserError."""
    methods = {one: _method(one, config) for one in config.methods}
    judge = Judge(config.recogniser.name, config.recogniser.weights, config.recogniser.mirror, threads)
    section = config.features
    features = Features(**{**section, "weights": find(section.weights)}, threads=threads) if section.weights else None
    read = {one: Estimator(one, EstimatorSettings(**config[one]), threads) for one in READ if config[one].onnx}
    return Measurer(methods, judge, features, read)


def run(
    config: Config, name: str, progress_bar: Callable[[FilePairs], FilePairs] = iter
) -> tuple[dict[str, Any], list[list[np.ndarray]]]:
    """Evaluate by a protocol -> (report, rows).

    Args:
        config: of `load_protocol`. name: of the protocol, for the report. progress_bar: wraps the iterable of pairs
            (tqdm).

    The report is a dict for JSON: what was measured by what, each with its hash, and `summarise`'s numbers; the same
    for any number of workers. Rows are the pictures source, target and a result of each method, (224, 224, 3) uint8
    RGB, of the first 12 pairs; grey where there is none. Raises UserError.
    """
    pairs, measurer = load_pairs(config), build(config)
    judge, features = measurer.judge, measurer.features
    measurement, rows = measure(measurer, build, config, pairs, progress_bar)
    numbers = summarise(measurement, judge, pairs, config.seed)
    for one, method in measurer.methods.items():
        numbers["methods"][one] = {"made_by": method.facts, **numbers["methods"][one]}
    report = {
        "name": name,
        "settings_sha256": _settings_sha256(config),
        "pairs": {
            "count": len(pairs.files),
            "layout": config.pairs.layout,
            "list_sha256": pairs.list_sha256(),
            "pictures_sha256": pairs.pictures_sha256(),
        },
        "recogniser": judge.facts,
        "estimator": {"name": "facemesh", "file": bundled("facemesh").name, "sha256": sha256(bundled("facemesh"))},
        "by_network": {section: one.facts for section, one in measurer.estimators.items()},
        "features": features.facts if features else None,
        "crop": MEASURED_SIZE,
        "seed": config.seed,
        "intervals": f"95 %, percentile bootstrap over {'videos' if pairs.videos else 'pairs'} "
        f"(scipy.stats.bootstrap), {RESAMPLES} resamples, seed {config.seed}",
        **numbers,
    }
    return report, rows


def _settings_sha256(config):
    """Of all that the numbers depend on."""
    settings = {key: value for key, value in config.to_dict().items() if key != "workers"}
    return hashlib.sha256(repr(settings).encode()).hexdigest()


def tell_failures(report: dict[str, Any]) -> None:
    """One line a method of whose pairs some failed, on stderr."""
    for name, one in report["methods"].items():
        failures = one["failures"]
        if failures["count"]:
            first = failures["pairs"][0]
            print(
                f"{name}: {failures['count']} of {report['pairs']['count']} pairs failed, the first "
                f"{first['source']} on {first['target']}: {first['why']}",
                file=sys.stderr,
            )
