"""The report of an evaluation: a dict for JSON, a few lines of text, of several sets a table, and "heldout" in the card
of the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.metrics import statistics
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.crop import MEASURED_SIZE
from paddle_mfs.metrics.identity import SAME_PERSON_DISTANCE, Recogniser
from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.metrics.preservation import Preservation
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.table import text_table
from paddle_mfs.weights import bundled, card_path, read_card, write_card

BELOW = f"< {SAME_PERSON_DISTANCE}"
PLAIN = "heldout"  # the set that the card holds the scores of, and that others are compared with
COMPARED = f"to {PLAIN}"  # a distance over the plain set's
HEADERS = ["pairs", "distance", "95 % interval", BELOW, "sharpness", "in the picture", "shape", "background (worst)"]
HEADERS += ["covered (worst)", "progress", COMPARED]


def make_report(
    pairs: Pairs,
    distances: Mapping[str, np.ndarray],
    preserved: Mapping[str, Sequence[Preservation]],
    in_pictures: Sequence[float] = (),
    weights: Mapping[str, Any] | None = None,
    groups: Sequence[str] = (),
) -> dict[str, Any]:
    """The numbers of one evaluation -> a dict for JSON, see `evaluate.evaluate`.

    Args:
        distances: {method: dlib distances of the pairs, (N,)}; "no_swap", "mesh_teacher" and, if a network was scored,
            "result".
        preserved: {method: N Preservations}; a method may be missing or empty.
        in_pictures: sharpness of the network's N results in their pictures, see `sharpness.picture_sharpness`.
        weights: the facts of the network that was scored, see `NetworkSwap`.
        groups: the group of each of the N pairs, see `groups.skin_and_light`.
    """
    report: dict[str, Any] = {
        "pairs": {
            "count": len(distances["no_swap"]),
            "list": pairs.listed_in.name,
            "list_sha256": sha256(pairs.listed_in),
        },
        "recogniser": {
            "name": Recogniser.name,
            "sha256": sha256(bundled(Recogniser.name)),
            "same_person_below": SAME_PERSON_DISTANCE,
        },
        "crop": MEASURED_SIZE,
        "intervals": statistics.METHOD,
        "methods": {name: _summary(values, preserved.get(name, ())) for name, values in distances.items()},
    }
    if in_pictures:
        report["methods"]["result"]["picture_sharpness_median"] = float(np.median(in_pictures))
    if weights is not None:
        report["weights"] = weights
        report["progress"] = statistics.progress(distances["no_swap"], distances["result"], distances["mesh_teacher"])
    if groups:
        report["groups"] = _by_group(groups, distances[scored(report)], preserved.get(scored(report), ()))
    report["per_pair"] = {name: [round(float(v), 4) for v in values] for name, values in distances.items()}
    return report


def _summary(distances: np.ndarray, preserved: Sequence[Preservation]) -> dict[str, Any]:
    """One method's part. Distances: mean with interval. Sharpness, shape: medians. Background, and covered pixels where
    they are known: all pixels of all pairs, and the worst pair."""
    line: dict[str, Any] = {
        "distance": statistics.mean_interval(distances),
        "share_same_person": float(np.mean(distances < SAME_PERSON_DISTANCE)),
    }
    if preserved:
        sharpness, shape, background, covered, *_ = zip(*preserved)
        line.update(
            sharpness_median=float(np.median(sharpness)),
            shape_median_per_mille=float(np.median(shape)),
            background_psnr_db=psnr(np.mean(background)),
            background_psnr_worst_db=psnr(np.max(background)),
        )
        known = [error for error in covered if not np.isnan(error)]
        if known:
            line.update(covered_psnr_db=psnr(np.mean(known)), covered_psnr_worst_db=psnr(np.max(known)))
    return line


def _by_group(groups: Sequence[str], distances: np.ndarray, preserved: Sequence[Preservation]) -> dict[str, Any]:
    """{group: `_summary` and the count of its pairs}, of the method that was scored."""
    members = {name: [pair for pair, group in enumerate(groups) if group == name] for name in sorted(set(groups))}
    return {
        name: {"count": len(pairs), **_summary(distances[pairs], [preserved[pair] for pair in pairs])}
        for name, pairs in members.items()
    }


def report_text(report: Mapping[str, Any]) -> str:
    """The report as a few lines for a terminal: what was measured, a row a method, the progress."""
    lines = [
        f"{report['pairs']['count']} pairs, {_judge(report)}",
        _table({name: _cells(line) for name, line in report["methods"].items()}),
    ]
    if "progress" in report:
        p = report["progress"]
        lines.append(f"progress from no swap to the teacher: {p['value']:.2f} ({p['low']:.2f} to {p['high']:.2f})")
    if len(report.get("groups", ())) > 1:
        rows = {name: {"pairs": str(line["count"]), **_cells(line)} for name, line in _worst_first(report["groups"])}
        lines.append(f"{scored(report)} by the target's skin and light, the worst first\n{_table(rows)}")
    return "\n".join(lines)


def sets_text(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """The reports of several sets, {name: report}, as a table for a terminal: a row a set, of the method that was
    scored; and how many times the distance of the plain set its distance is, when that is among them."""
    rows = {}
    for name, report in reports.items():
        line = report["methods"][scored(report)]
        rows[name] = {"pairs": str(report["pairs"]["count"]), **_cells(line)}
        if "progress" in report:
            rows[name]["progress"] = f"{report['progress']['value']:.2f}"
        if PLAIN in reports:
            plain = reports[PLAIN]["methods"][scored(report)]
            rows[name][COMPARED] = f"{line['distance']['value'] / plain['distance']['value']:.2f}"
    return f"{scored(report)} of each set, {_judge(report)}\n{_table(rows)}"


def scored(report: Mapping[str, Any]) -> str:
    """The method whose scores a report is about: "result", or "mesh_teacher" without a network."""
    return "result" if "result" in report["methods"] else "mesh_teacher"


def worst(report: Mapping[str, Any]) -> list[int]:
    """Which tenth of the pairs, one at least, is the farthest from its sources, the farthest first -> places in the
    list of pairs."""
    distances = report["per_pair"][scored(report)]
    return sorted(range(len(distances)), key=lambda pair: -distances[pair])[: max(1, len(distances) // 10)]


def _worst_first(groups):
    return sorted(groups.items(), key=lambda item: -item[1]["distance"]["value"])


def _judge(report):
    return f"{report['recogniser']['name']} (same person < {report['recogniser']['same_person_below']})"


def _cells(line: Mapping[str, Any]) -> dict[str, str]:
    """One method's part as {header: text}."""
    d = line["distance"]
    cells = {
        "distance": f"{d['value']:.3f}",
        "95 % interval": f"{d['low']:.3f} to {d['high']:.3f}",
        BELOW: f"{line['share_same_person']:.0%}",
    }
    for header, key, digits in (
        ("sharpness", "sharpness_median", 2),
        ("in the picture", "picture_sharpness_median", 2),
        ("shape", "shape_median_per_mille", 1),
    ):
        if key in line:
            cells[header] = f"{line[key]:.{digits}f}"
    for name in ("background", "covered"):
        if f"{name}_psnr_db" in line:
            cells[f"{name} (worst)"] = f"{line[f'{name}_psnr_db']:.0f} dB ({line[f'{name}_psnr_worst_db']:.0f})"
    return cells


def _table(rows: Mapping[str, Mapping[str, str]]) -> str:
    """{name: {header: text}} as a table of the columns of HEADERS that have any text."""
    headers = [header for header in HEADERS if any(header in cells for cells in rows.values())]
    lines = [[name, *(cells.get(header, "") for header in headers)] for name, cells in rows.items()]
    return text_table(["", *headers], lines)


def card_entry(report: Mapping[str, Any]) -> dict[str, Any]:
    """What a card of weights holds of a report, as "heldout": all but the values of each pair."""
    return {key: value for key, value in report.items() if key != "per_pair"}


def check_card(weights: str | Path) -> dict[str, Any]:
    """The card of a weights file as a dict. Raises UserError when there is none: a card must say where weights come
    from."""
    card = read_card(weights)
    if not card:
        raise UserError(f"{card_path(weights)}: no card to update; write one that says where the weights come from")
    return card


def update_card(weights: str | Path, report: Mapping[str, Any]) -> None:
    """Put the report as "heldout" into the card beside the weights, see `card_entry`; other keys stay.

    Raises UserError when the weights have no card.
    """
    card = check_card(weights)
    for derived in ("file", "bytes", "sha256"):  # written anew from the file itself
        card.pop(derived, None)
    card[PLAIN] = card_entry(report)
    write_card(weights, card)
