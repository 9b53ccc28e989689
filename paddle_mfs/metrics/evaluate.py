"""A swap network's scores on a list of pairs, beside those of no swap and of the mesh teacher: the short report, which
cards of weights hold and training prints. measure.py does the measuring, report.py makes the report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle_mfs.metrics.chunks import chunks
from paddle_mfs.metrics.groups import skin_and_light
from paddle_mfs.metrics.measure import FACELESS, Measurer, joined
from paddle_mfs.metrics.methods import by_network, by_teacher, no_swap
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import FilePairs, Pairs
from paddle_mfs.metrics.preservation import Preservation
from paddle_mfs.metrics.recogniser import Judge
from paddle_mfs.metrics.report import make_report
from paddle_mfs.metrics.sheet import Row
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.errors import UserError


def evaluate(
    pairs: Pairs, swap: NetworkSwap | None = None, progress_bar: Callable[[FilePairs], FilePairs] = iter
) -> tuple[dict[str, Any], list[Row]]:
    """Measure pairs of faces -> (report, rows).

    Args:
        pairs: from `load_pairs`.
        swap: a `NetworkSwap`; None scores only no swap and the mesh teacher.
        progress_bar: wraps the iterable of pairs (tqdm).

    The report is a dict for JSON: the recogniser, pair list and weights with their SHA-256, `methods` {no_swap,
    mesh_teacher, result}, `groups` (the scores by skin and light), `progress` of the result from no swap (0) to the
    teacher (1), and `per_pair` distances. Rows are the pictures. Raises UserError for a picture that cannot be read or
    shows no face.
    """
    methods = {"no_swap": no_swap(), "mesh_teacher": by_teacher(MeshTeacher())}
    if swap:
        methods["result"] = by_network(swap)
    rows: list[Row] = []
    groups: list[str] = []

    bar = iter(progress_bar(pairs.files))

    def watch(place, seen):
        next(bar)
        if seen is None:
            return
        results = [seen.results[name].image for name in methods if name != "no_swap"]
        rows.append(Row(seen.source.image, seen.target.image, *results))
        groups.append(skin_and_light(seen.target.image, seen.target.landmarks))

    judge = Judge()
    measurer = Measurer(methods, judge)
    measured = joined([measurer(pairs, chunk, watch) for chunk in chunks(pairs)])
    next(bar, None)  # the end of it
    if len(rows) < len(pairs.files):  # none of these methods fails by itself: a picture did
        raise UserError(next(why for _, why in measured.methods["no_swap"].failures if why != FACELESS))
    distances = {name: judge.distance(measured.sources, one.descriptors) for name, one in measured.methods.items()}
    preserved = {
        name: [Preservation(*values) for values in zip(*(one.columns[key] for key in Preservation._fields))]
        for name, one in measured.methods.items()
        if name != "no_swap"
    }
    in_pictures = measured.methods["result"].columns["picture_sharpness"] if swap else ()
    return make_report(pairs, distances, preserved, list(in_pictures), swap.facts if swap else None, groups), rows
