"""What the numbers of an evaluation come to: each metric of each method with its interval, differences between methods,
and both as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from paddle_mfs.metrics import background
from paddle_mfs.metrics.fid import FEW, fid_infinity, frechet_distance
from paddle_mfs.metrics.kid import kid
from paddle_mfs.metrics.measure import Measured, Measurement
from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.metrics.recogniser import Judge
from paddle_mfs.metrics.retrieval import similarity, top1
from paddle_mfs.metrics.statistics import bootstrap
from paddle_mfs.metrics.temporal import identity_spread
from paddle_mfs.utils.table import markdown_table

Statistic = Callable[..., Any]


def mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean(values, axis=axis)


def median(values: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.median(values, axis=axis)


def decibels(errors: np.ndarray, axis: int = -1) -> np.ndarray:
    """PSNR of the mean of squared errors, at most `background.CAP`."""
    with np.errstate(divide="ignore"):
        return np.minimum(background.CAP, 10 * np.log10(255**2 / np.mean(errors, axis=axis)))


class Metric(NamedTuple):
    """How a column of numbers, one a pair, becomes one: `statistic` of those that are known; its unit; digits shown;
    whether more of it is better; what is meant, for a reader."""

    statistic: Statistic
    unit: str
    digits: int
    more_is_better: bool
    words: str


METRICS = {
    "id_similarity": Metric(mean, "cosine", 3, True, "identity: cosine to the source"),
    "id_distance": Metric(mean, "", 3, False, "identity: distance to the source"),
    "same_person": Metric(mean, "share", 3, True, "distance below the recogniser's threshold"),
    "id_retrieval": Metric(mean, "share", 3, True, "nearest of all sources is the own one"),
    "pose": Metric(mean, "degrees", 2, False, "head pose L2 to the target"),
    "expression": Metric(mean, "per mille", 1, False, "expression L2 to the target"),
    "pose_by_network": Metric(mean, "", 2, False, "head pose L2 to the target, as the network of pose.onnx sees it"),
    "expression_by_network": Metric(mean, "", 3, False, "expression L2 to the target, by that of expression.onnx"),
    "gaze": Metric(mean, "per cent", 2, False, "gaze L2 to the target"),
    "openness": Metric(mean, "ratio", 3, False, "openness of the eyes L2 to the target"),
    "shape": Metric(median, "per mille", 1, False, "landmarks' RMS, median"),
    "sharpness": Metric(median, "share", 2, True, "of the target's, in the crop, median"),
    "picture_sharpness": Metric(median, "share", 2, True, "of the target's, in the picture, median"),
    "background": Metric(decibels, "dB", 1, True, "PSNR outside the face"),
    "background_ssim": Metric(mean, "", 4, True, "SSIM outside the face"),
    "covered": Metric(decibels, "dB", 1, True, "PSNR where something covers the face"),
    "jitter": Metric(mean, "per mille", 2, False, "motion against the target's, frame to frame"),
    "flicker": Metric(mean, "of 255", 2, False, "warping error, frame to frame"),
    "id_spread": Metric(mean, "", 4, False, "variance of the identity, clip by clip"),
}

GROUPED = "id_distance", "same_person", "pose", "expression", "sharpness", "background"  # told group by group, too


def pair_numbers(
    measured: Measured, measurement: Measurement, judge: Judge, sources: Sequence[Any]
) -> dict[str, np.ndarray]:
    """{metric: (N,) numbers of the pairs}, NaN where unknown; shares count a pair without a result as a miss.

    sources: the source of each pair, whatever tells them apart: equal ones are one face of the gallery.
    """
    own, made = measurement.sources, measured.descriptors
    distance = judge.distance(own, made)
    is_there = np.isfinite(distance)
    numbers = {"id_similarity": np.where(is_there, similarity(own, made), np.nan), "id_distance": distance}
    if judge.threshold is not None:
        numbers["same_person"] = np.where(is_there, distance < judge.threshold, 0.0)
    seen = np.isfinite(own[:, 0])
    first = {source: place for place, source in reversed(list(enumerate(sources))) if seen[place]}
    gallery = {source: number for number, source in enumerate(first)}
    found = np.zeros(len(distance))
    wanted = [gallery[source] for source, there in zip(sources, is_there) if there]
    found[is_there] = top1(made[is_there], own[list(first.values())], wanted)
    return {**numbers, "id_retrieval": found, **measured.columns}


def interval(values: np.ndarray, metric: Metric, seed: int) -> dict[str, Any] | None:
    """{"value", "low", "high", "count"} of the numbers that are known; None when none is, no interval of one."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    return {**bootstrap(metric.statistic, known, seed=seed), "count": len(known)}


def difference(a: np.ndarray, b: np.ndarray, metric: Metric, seed: int) -> dict[str, Any] | None:
    """The statistic of a less that of b over the pairs known of both, resampled together; as `interval`."""
    known = np.isfinite(a) & np.isfinite(b)
    if not known.any():
        return None

    def less(x, y, axis=-1):
        return metric.statistic(x, axis=axis) - metric.statistic(y, axis=axis)

    return {**bootstrap(less, a[known], b[known], seed=seed), "count": int(known.sum())}


def summarise(measurement: Measurement, judge: Judge, pairs: Pairs, seed: int) -> dict[str, Any]:
    """The report's part of numbers: `methods` {name: {metrics, failures, groups, and pictures}}, `differences`
    {"a - b": {metric}} of the first method to each of the others, `gallery`.

    What is resampled is a pair; where targets are frames, which resemble each other, it is a video: its pairs' numbers
    are made one first. seed: of all resampling.
    """
    sources = [source for source, _ in pairs.files]
    numbers = {}
    for name, one in measurement.methods.items():
        found = pair_numbers(one, measurement, judge, sources)
        if pairs.videos:
            found = {key: _by_video(values, pairs.videos, METRICS[key]) for key, values in found.items()}
            if pairs.consecutive:
                found["id_spread"] = _spreads(one.descriptors, pairs.videos)
        numbers[name] = found
    methods = {}
    for name, one in measurement.methods.items():
        failed = [dict(zip(("source", "target"), _names(pairs.files[at])), why=why) for at, why in one.failures]
        methods[name] = {
            "metrics": _each(lambda key, metric: interval(numbers[name][key], metric, seed), numbers[name]),
            "failures": {"count": len(failed), "share": len(failed) / len(pairs.files), "pairs": failed},
        }
        if not pairs.videos:
            methods[name]["groups"] = _by_group(numbers[name], _groups(measurement, pairs), seed)
        if one.features is not None and measurement.originals is not None:
            methods[name]["pictures"] = distributions(one.features, measurement.originals, seed)
    first, *others = numbers
    return {
        "gallery": len({source for source, row in zip(sources, measurement.sources) if np.isfinite(row[0])}),
        "methods": methods,
        "differences": {
            f"{first} - {other}": _each(
                lambda key, metric: difference(numbers[first][key], numbers[other][key], metric, seed), numbers[first]
            )
            for other in others
        },
    }


def _names(files):
    return [path.name for path in files]


def _by_video(values, videos, metric):
    """(V,) one number a video, of its pairs that are known: their median where the metric is one, else their mean."""
    names, one = np.array(videos), median if metric.statistic is median else mean
    known = [values[(names == name) & np.isfinite(values)] for name in dict.fromkeys(videos)]
    return np.array([one(some) if len(some) else np.nan for some in known])


def _each(of: Callable[[str, Metric], dict[str, Any] | None], numbers: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: of(key, metric) for key, metric in METRICS.items() if key in numbers}
    return {key: value for key, value in found.items() if value is not None}


def _groups(measurement, pairs):
    """{what groups go by: [each pair's group, None where it is not known]}, of what has more than one group."""
    labels = [{"set": name} for name in pairs.sets] if pairs.sets else [{}] * len(pairs.files)
    labels = [{**known, **groups} for known, groups in zip(labels, measurement.groups)]
    found = {kind: [label.get(kind) for label in labels] for kind in dict.fromkeys(k for one in labels for k in one)}
    return {kind: names for kind, names in found.items() if len({name for name in names if name}) > 1}


def _by_group(numbers, groups, seed):
    """{what groups go by: {group: {"count": pairs, metric of GROUPED: its interval}}}, groups by name."""
    found: dict[str, dict[str, Any]] = {}
    for kind, names in groups.items():
        for group in sorted({name for name in names if name}):
            members = np.array([name == group for name in names])
            few = {key: numbers[key][members] for key in GROUPED if key in numbers}
            told = _each(lambda key, metric: interval(few[key], metric, seed), few)
            found.setdefault(kind, {})[group] = {"count": int(members.sum()), **told}
    return found


def _spreads(descriptors, videos):
    """(V,) `identity_spread` of each video's results."""
    names, rows = np.array(videos), np.isfinite(descriptors[:, 0])
    kept = [descriptors[rows & (names == name)] for name in dict.fromkeys(videos)]
    return np.array([identity_spread(one) if len(one) > 1 else np.nan for one in kept])


def distributions(features: np.ndarray, originals: np.ndarray, seed: int) -> dict[str, Any]:
    """FID, its extrapolation and KID of the features (N, 2048) of results against those of originals (M, 2048), with a
    warning where there are few pictures."""
    counts = {"count": len(features), "originals": len(originals)}
    if min(counts.values()) < 2:
        return {**counts, "warning": "one picture has no distribution: FID and KID need two at least"}
    few = {"warning": f"FID of fewer than {FEW} pictures is too large; read fid_infinity or kid"}
    return {
        **counts,
        "fid": frechet_distance(features, originals),
        "fid_infinity": fid_infinity(features, originals, seed),
        "kid": kid(features, originals, seed),
        **(few if min(counts.values()) < FEW else {}),
    }


def markdown(report: Mapping[str, Any]) -> str:
    """A report as Markdown: what was measured by what, a row a metric, the differences, what failed."""
    pairs, recogniser = report["pairs"], report["recogniser"]
    facts = [
        f"{pairs['count']} pairs ({pairs['layout']}, list {pairs['list_sha256'][:12]})",
        f"recogniser {recogniser['name']} ({recogniser['sha256'][:12]}"
        + (", mirror joined)" if recogniser["mirror_joined"] else ")"),
        f"gallery of {report['gallery']}",
        f"landmarks {report['estimator']['name']} ({report['estimator']['sha256'][:12]})",
        *(f"{section} by {one['onnx']} ({one['sha256'][:12]})" for section, one in report["by_network"].items()),
        f"FID of {report['features']['of']} against {report['features']['against']}, {report['features']['resize']} px "
        f"({report['features']['sha256'][:12]})"
        if report["features"]
        else "no FID features",
    ]
    parts = [f"# {report['name']}", "; ".join(facts) + f". Brackets: {report['intervals']}."]
    methods = report["methods"]
    parts.append(metrics_table({name: one["metrics"] for name, one in methods.items()}))
    pictures = {name: one["pictures"] for name, one in methods.items() if "pictures" in one}
    if pictures:
        parts.append(pictures_table(pictures))
    if report["differences"]:
        parts += ["## Differences, pair by pair", metrics_table(report["differences"])]
    first = next(iter(methods))
    if methods[first].get("groups"):
        parts += [f"## {first}, the worst groups first", groups_table(methods[first])]
    parts.append("## Failures")
    for name, one in methods.items():
        failures = one["failures"]
        parts.append(f"{name}: {failures['count']} of {pairs['count']} pairs ({failures['share']:.1%})")
        parts += [f"- {one['source']} on {one['target']}: {one['why']}" for one in failures["pairs"]]
    return "\n\n".join(parts) + "\n"


def groups_table(method: Mapping[str, Any]) -> str:
    """A method's `groups` as a Markdown table: all pairs, then a row a group, of each kind of groups the one farthest
    from its sources first."""

    def distance(item):
        return item[1]["id_distance"]["value"] if "id_distance" in item[1] else np.inf  # none could be measured

    def row(name, count, found):
        return [name, count, *(cell(found.get(key), METRICS[key].digits) for key in GROUPED)]

    rows = [row("all", method["metrics"]["id_distance"]["count"], method["metrics"])]
    for kind, some in method["groups"].items():
        rows += [
            row(f"{kind}: {name}", one["count"], one) for name, one in sorted(some.items(), key=distance, reverse=True)
        ]
    return markdown_table(["", "pairs", *GROUPED], rows)


def cell(found: Mapping[str, Any] | None, digits: int) -> str:
    """A number with its interval as text; "" where there is none."""
    if found is None:
        return ""
    if found["low"] is None:
        return f"{found['value']:.{digits}f}"
    return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"


def metrics_table(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """{name: {metric: its interval}} as a Markdown table, a row a metric."""
    rows = []
    for key, metric in METRICS.items():
        cells = [cell(found.get(key), metric.digits) for found in columns.values()]
        if any(cells):
            unit = f", {metric.unit}" if metric.unit else ""
            arrow = "up" if metric.more_is_better else "down"
            rows.append([f"{key} ({arrow}): {metric.words}{unit}", *cells])
    return markdown_table(["", *columns], rows)


def pictures_table(pictures: Mapping[str, Mapping[str, Any]]) -> str:
    """{method: its `distributions`} as a Markdown table, with their warnings."""
    warnings = {one["warning"] for one in pictures.values() if "warning" in one}
    rows = [
        ["FID (down)", *(f"{one['fid']:.2f}" if "fid" in one else "" for one in pictures.values())],
        ["FID-infinity (down)", *(cell(one.get("fid_infinity"), 2) for one in pictures.values())],
        ["KID x 1000 (down)", *(_thousand(one.get("kid")) for one in pictures.values())],
    ]
    return "\n\n".join([markdown_table(["", *pictures], rows), *sorted(warnings)])


def _thousand(found):
    return cell(found and {key: 1000 * value for key, value in found.items()}, 2)
