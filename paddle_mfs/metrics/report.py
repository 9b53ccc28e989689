"""The report of an evaluation: a dict for JSON, a few lines of text, and "heldout" in the card of the weights."""

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
HEADERS = "", "distance", "95 % interval", BELOW, "sharpness", "in the picture", "shape", "background (worst)"


def make_report(
    pairs: Pairs,
    distances: Mapping[str, np.ndarray],
    preserved: Mapping[str, Sequence[Preservation]],
    in_pictures: Sequence[float] = (),
    weights: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The numbers of one evaluation -> a dict for JSON, see `evaluate.evaluate`.

    Args:
        distances: {method: dlib distances of the pairs, (N,)}; "no_swap", "mesh_teacher" and, if a network was scored,
            "result".
        preserved: {method: N Preservations}; a method may be missing or empty.
        in_pictures: sharpness of the network's N results in their pictures, see `sharpness.picture_sharpness`.
        weights: the facts of the network that was scored, see `NetworkSwap`.
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
    report["per_pair"] = {name: [round(float(v), 4) for v in values] for name, values in distances.items()}
    return report


def _summary(distances: np.ndarray, preserved: Sequence[Preservation]) -> dict[str, Any]:
    """One method's part. Distances: mean with interval. Sharpness, shape: medians. Background: all pixels of all pairs,
    and the worst pair."""
    line: dict[str, Any] = {
        "distance": statistics.mean_interval(distances),
        "share_same_person": float(np.mean(distances < SAME_PERSON_DISTANCE)),
    }
    if preserved:
        sharpness, shape, background = zip(*preserved)
        line.update(
            sharpness_median=float(np.median(sharpness)),
            shape_median_per_mille=float(np.median(shape)),
            background_psnr_db=psnr(np.mean(background)),
            background_psnr_worst_db=psnr(np.max(background)),
        )
    return line


def report_text(report: Mapping[str, Any]) -> str:
    """The report as a few lines for a terminal: what was measured, a row a method, the progress."""
    rows = []
    for name, line in report["methods"].items():
        d = line["distance"]
        row = [name, f"{d['value']:.3f}", f"{d['low']:.3f} to {d['high']:.3f}", f"{line['share_same_person']:.0%}"]
        if "sharpness_median" in line:
            row += [
                f"{line['sharpness_median']:.2f}",
                f"{line['picture_sharpness_median']:.2f}" if "picture_sharpness_median" in line else "",
                f"{line['shape_median_per_mille']:.1f}",
                f"{line['background_psnr_db']:.0f} dB ({line['background_psnr_worst_db']:.0f})",
            ]
        rows.append(row + [""] * (len(HEADERS) - len(row)))
    lines = [
        f"{report['pairs']['count']} pairs, {report['recogniser']['name']} (same person < {SAME_PERSON_DISTANCE})",
        text_table(HEADERS, rows),
    ]
    if "progress" in report:
        p = report["progress"]
        lines.append(f"progress from no swap to the teacher: {p['value']:.2f} ({p['low']:.2f} to {p['high']:.2f})")
    return "\n".join(lines)


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
    card["heldout"] = card_entry(report)
    write_card(weights, card)
