"""A swap network's scores on a list of pairs, beside those of no swap and of the mesh teacher.

Every picture is measured as a 224 px crop in the frame of its face (crop.py). The target, the teacher's result and the
network's of a pair share the target's frame; the network's is what a swap makes of a picture that is just this crop.
Identity is compared with the source (identity.py), the rest with the target (preservation.py), the result's sharpness
also in the target's whole picture (sharpness.py), and the numbers of all pairs make the report (report.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.metrics.crop import load_crop
from paddle_mfs.metrics.groups import skin_and_light
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import Pairs
from paddle_mfs.metrics.preservation import Preservation, Target
from paddle_mfs.metrics.report import make_report
from paddle_mfs.metrics.sharpness import picture_sharpness
from paddle_mfs.metrics.sheet import Row
from paddle_mfs.swap.change import AS_IT_IS, pasted
from paddle_mfs.teachers.mesh import MeshTeacher

FilePairs = Iterable[tuple[Path, Path]]


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
    analyser, teacher = FaceAnalyser(), MeshTeacher()
    rows: list[Row] = []
    fives: list[tuple[np.ndarray, np.ndarray]] = []
    preserved: dict[str, list[Preservation]] = {"mesh_teacher": [], "result": []}
    in_pictures: list[float] = []
    groups: list[str] = []
    for source_path, target_path in progress_bar(pairs.files):
        source, target = load_crop(source_path, analyser), load_crop(target_path, analyser)
        row = Row(
            source.image,
            target.image,
            teacher.swap(source.face, target.face)[0],
        )
        groups.append(skin_and_light(target.image, target.landmarks))
        if swap:
            face = swap(source, target)
            row.result = pasted(target.image, AS_IT_IS, target.image, face)
            in_pictures.append(picture_sharpness(target, face))
        mask = pairs.masks.get(target_path)
        covered = target.covered(mask) if mask else None
        held = Target(target.image, target.landmarks, target.five, target.oval, analyser, covered)
        for name, image in (("mesh_teacher", row.teacher), ("result", row.result)):
            if image is not None:
                preserved[name].append(held.preservation(image))
        rows.append(row)
        fives.append((source.five, target.five))
    facts = swap.facts if swap else None
    return make_report(pairs, _distances(rows, fives), preserved, in_pictures, facts, groups), rows


def _distances(rows: list[Row], fives: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """The dlib distance of each method's pictures to the sources -> {method: (N,)}; fives: of each row's source and
    target."""
    recogniser = Recogniser()
    of_sources, of_targets = zip(*fives)
    sources = recogniser.descriptors([row.source for row in rows], of_sources)
    pictures = {
        "no_swap": [row.target for row in rows],
        "mesh_teacher": [row.teacher for row in rows],
        "result": [row.result for row in rows if row.result is not None],
    }
    return {
        name: distance(sources, recogniser.descriptors(images, of_targets))
        for name, images in pictures.items()
        if images
    }
