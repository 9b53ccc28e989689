"""docs/results.md as text: tables of the reports that engine/results.py makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddle_mfs.engine.results import Trained
from paddle_mfs.engine.study import WEIGHTS
from paddle_mfs.metrics.summary import METRICS, cell, groups_table, metrics_table, pictures_table
from paddle_mfs.utils.table import markdown_table

COMPARED = "id_distance", "same_person", "id_retrieval", "pose", "expression", "shape", "sharpness", "background"
NONE = "None was trained for this page: `ablations.configs` is empty."
Report = Mapping[str, Any]


def page(
    command: str,
    folder: str,
    networks: Report,
    groups: Report,
    ablations: Report | None,
    trained: Trained | None,
) -> str:
    """The whole page.

    Args:
        command: what made it. folder: of its pictures, as the page names it.
        networks, groups, ablations: reports of `study.run`. ablations and trained: None where there are none.
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
        *([NONE] if trained is None else _ablations(ablations, trained, folder)),
    ]
    return "\n\n".join(parts) + "\n"


def _ablations(report, trained, folder):
    """Parts of the page. The methods of the report are the runs in order, and after them no swap."""
    runs, titles, start = trained
    names = [*(f"`{run['config']}`" for run in runs), "no swap"]
    numbers = dict(zip(names, (one["metrics"] for one in report["methods"].values())))
    differences = dict(zip(names[1:-1], report["differences"].values()))
    minutes = [*(f"{run['minutes']:.0f}" for run in runs), ""]
    return [
        f"Every run began with {_beginning(start)} and saw {runs[0]['crops']:,} crops, those of one seed the same ones "
        "in the same order. That is a short training: the tables tell how well the rest makes up for a part in it, not "
        "what a network would be that had been trained without the part for long; and a difference may be that of a "
        "seed.",
        "\n".join(f"- `{name}`: {title}" for name, title in titles.items()),
        _measured(report),
        markdown_table(
            ["", *COMPARED, "minutes trained"],
            [
                [name, *(cell(found.get(key), METRICS[key].digits) for key in COMPARED), spent]
                for (name, found), spent in zip(numbers.items(), minutes)
            ],
        ),
        f"{names[0]} less the row, pair by pair; bold where the interval leaves out 0:",
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


def _beginning(start):
    if start is None:
        return "random weights"
    return f"{'the bundled weights' if start == 'bundled' else f'`{Path(start).name}`'}, less the part that it lacks,"


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
