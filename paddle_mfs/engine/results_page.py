"""docs/results.md as text: tables of the reports that engine/results.py makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddle_mfs.engine.study import WEIGHTS
from paddle_mfs.metrics.summary import METRICS, cell, groups_table, metrics_table, pictures_table
from paddle_mfs.utils.table import markdown_table

COMPARED = "id_distance", "same_person", "id_retrieval", "pose", "expression", "shape", "sharpness", "background"
Report = Mapping[str, Any]


def page(
    command: str,
    folder: str,
    networks: Report,
    groups: Report,
    ablations: Report | None,
    titles: Mapping[str, str],
    runs: Sequence[Mapping[str, Any]],
) -> str:
    """The whole page.

    Args:
        command: what made it. folder: of its pictures, as the page names it.
        networks, groups, ablations: reports of `study.run`; ablations may be None.
        titles: {name of an ablation: what it is}. runs: rows of `ablation.run_configs`, in the same order.
    """
    parts = [
        "# Results",
        f"Made by `{command}`, which writes this page anew, every figure of it. What the metrics are, and what they "
        "are not, is told in [evaluation.md](evaluation.md).",
        "## The networks",
        _measured(networks),
        *_made_by(networks),
        metrics_table({_short(name): one["metrics"] for name, one in networks["methods"].items()}),
        *_distributions(networks),
        f"![{' | '.join(['source', 'target', *map(_short, networks['methods'])])}]({folder}/networks.jpg)",
        "### Differences, pair by pair",
        metrics_table({_short(name): one for name, one in networks["differences"].items()}),
        *_failures(networks),
        "## Whom the network serves worst",
        _measured(groups),
        *_made_by(groups),
        "The first method above, by groups of targets, of each kind of groups the one farthest from its sources first. "
        "A set is a folder of `samples`; groups of few pairs have wide intervals, and those of one have none.",
        groups_table(next(iter(groups["methods"].values()))),
        *_failures(groups),
        "## Ablations",
        *(["None was trained."] if ablations is None else _ablations(ablations, titles, runs, folder)),
    ]
    return "\n\n".join(parts) + "\n"


def _ablations(report, titles, runs, folder):
    """Parts of the page. The methods of the report are the runs in order, and after them no swap."""
    names = [*(f"`{run['config']}`" for run in runs), "no swap"]
    numbers = dict(zip(names, (one["metrics"] for one in report["methods"].values())))
    differences = dict(zip(names[1:-1], report["differences"].values()))
    minutes = [*(f"{run['minutes']:.0f}" for run in runs), ""]
    return [
        f"Every run began with random weights and saw the same {runs[0]['crops']:,} crops in the same order, with one "
        "seed. That is little: the tables tell what a part is worth early in a training, and a difference may be that "
        "of another seed. The networks above saw far more ([training.md](training.md)).",
        "\n".join(f"- `{name}`: {title}" for name, title in titles.items()),
        _measured(report),
        markdown_table(
            ["", *COMPARED, "minutes"],
            [
                [name, *(cell(found.get(key), METRICS[key].digits) for key in COMPARED), spent]
                for (name, found), spent in zip(numbers.items(), minutes)
            ],
        ),
        f"Less {names[0]}, pair by pair; bold where the interval leaves out 0:",
        markdown_table(
            ["", *COMPARED],
            [
                [name, *(_bold(found.get(key), METRICS[key].digits) for key in COMPARED)]
                for name, found in differences.items()
            ],
        ),
        f"![{' | '.join(['source', 'target', *names])}]({folder}/ablations.jpg)",
        *_failures(report),
    ]


def _short(name):
    """A method's name, or two with a minus between them, with weights by their file alone."""
    parts = name.split(" - ")
    return " - ".join(Path(part).stem if part.startswith(WEIGHTS) else part for part in parts)


def _bold(found, digits):
    text = cell(found, digits)
    return f"**{text}**" if found and found["low"] is not None and not found["low"] <= 0 <= found["high"] else text


def _measured(report):
    """On what, and by what."""
    pairs, judge, features = report["pairs"], report["recogniser"], report["features"]
    by = [f"identity by {judge['name']} (`{judge['sha256'][:12]}`)", f"a gallery of {report['gallery']} sources"]
    by.append(f"landmarks by {report['estimator']['name']} (`{report['estimator']['sha256'][:12]}`)")
    if features:
        by.append(f"FID and KID of {features['of']} against {features['against']} (`{features['sha256'][:12]}`)")
    by = ", ".join(by)
    return f"{pairs['count']} pairs (list `{pairs['list_sha256'][:12]}`): {by}. Brackets: {report['intervals']}."


def _file(made):
    return f"`{made['file']}` (`{made['sha256'][:12]}`)"


def _made_by(report):
    """The weights of what is measured."""
    made = [one["made_by"] for one in report["methods"].values() if "file" in one["made_by"]]
    return [f"Weights: {', '.join(map(_file, made))}."] if made else []


def _distributions(report):
    pictures = {_short(name): one["pictures"] for name, one in report["methods"].items() if "pictures" in one}
    return [pictures_table(pictures)] if pictures else []


def _failures(report):
    failed = {name: one["failures"] for name, one in report["methods"].items() if one["failures"]["count"]}
    told = ", ".join(f"{_short(name)} {one['count']} ({one['share']:.1%})" for name, one in failed.items())
    return [f"Failed: {told}."] if told else []
