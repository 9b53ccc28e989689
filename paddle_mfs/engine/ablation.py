"""Runs of several configs for the same number of steps, compared in one table and one picture."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.engine.callbacks import Checkpoints, LogLine
from paddle_mfs.engine.checkpoint import checkpoints
from paddle_mfs.engine.evaluation import scores
from paddle_mfs.engine.settings import load_settings, weights_path
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import Pairs, load_pairs
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.utils import jsonl
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.drawing import text_strip
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, write_json
from paddle_mfs.utils.table import markdown_table

LOSSES = "loss", "rec", "raw", "per", "id", "mask", "open", "alpha"  # of the last log line, a mean over its steps
SCORES = "distance", "below", "sharpness", "shape", "background"  # see engine.evaluation.scores
SHOWN, LABEL = 4, 150  # pairs in the picture; width of a row's name in pixels


def run_configs(
    configs: Sequence[str | Path],
    steps: int | None,
    output: str | Path,
    overrides: Sequence[str] = (),
    pairs: str | Path | None = None,
    count: int = 20,
    checkpoint_minutes: float = 5.0,
) -> list[dict[str, Any]]:
    """Train every config for the same number of steps under <output>/<its file's name>, then write <output>/table.md,
    table.csv, sheet.png.

    What is finished with the same settings is not run again, and what was interrupted goes on from its checkpoint.

    Args:
        configs: YAML files; their budget, output and schedule's end are replaced.
        steps: of each run; None: those of the configs, which have to be the same.
        overrides: `-o` texts, the same for all.
        pairs, count: folder of held-out pairs (None: samples/heldout) and how many of them are measured.
        checkpoint_minutes: between two checkpoints of a run.
    Returns: the rows of the table, one dict a config.
    Raises UserError when two configs have the same name or another budget, and for settings that are wrong or differ
    from an unfinished run's.
    """
    output, pairs = Path(output), "samples/heldout" if pairs is None else pairs
    folders = {output / Path(path).stem: path for path in configs}
    if len(folders) < len(configs):
        raise UserError(f"{output}: two configs have the same file name; rename one")
    budget = [] if steps is None else [f"run.steps={steps}"]
    settings = {
        folder: load_settings(path, [*overrides, *budget, "run.minutes=0", f"run.output={folder}"])
        for folder, path in folders.items()
    }  # all of them are checked before the first is run
    budgets = {config.run.steps: folders[folder] for folder, config in settings.items()}
    if len(budgets) > 1:
        told = ", ".join(f"{path} has {steps}" for steps, path in budgets.items())
        raise UserError(f"run.steps: {told}; what is compared gets the same, give --steps")
    held_out = load_pairs(pairs, count)
    rows = []
    for folder, config in settings.items():
        done = folder / "result.json"
        wanted = {"config": config.to_dict(), "pairs": [str(pairs), count]}
        if done.is_file() and json.loads(done.read_text(encoding="utf-8"))["made_with"] == wanted:
            print(f"{folder.name}: finished already", flush=True)
        else:
            print(f"{folder.name}:", flush=True)
            _run(folder, config, held_out, checkpoint_minutes, wanted)
        rows.append({"config": folder.name, **json.loads(done.read_text(encoding="utf-8"))["row"]})
    write_table(output, rows)
    write_sheet(output / "sheet.png", list(folders))
    return rows


def _run(folder: Path, config: Config, held_out: Pairs, checkpoint_minutes: float, made_with: dict[str, Any]) -> None:
    started = checkpoints(folder / "checkpoints")
    if (
        started
        and json.loads((started[-1] / "progress.json").read_text(encoding="utf-8"))["config"] != config.to_dict()
    ):
        raise UserError(f"{folder}: holds a run with other settings; choose another --output or delete it")
    trainer = Trainer(
        config,
        [LogLine(min(50, config.run.steps)), Checkpoints(checkpoint_minutes)],
        resume=started[-1] if started else None,
    )
    trainer.fit()
    encoder = weights_path(config.model.encoder)
    report, rows = evaluate(held_out, NetworkSwap(folder / "mfs.pdparams", config.data.size, encoder))
    for number, pictures in enumerate(rows[:SHOWN]):
        for name in ("source", "target", "teacher", "result"):
            path = folder / "pictures" / f"{number}_{name}.png"
            made = save_options(path, provenance(content="a swapped face")) if name in ("teacher", "result") else {}
            write_image(path, getattr(pictures, name), **made)
    last = jsonl.read(folder / "log.jsonl")[-1]
    row = {
        **{name: round(last[name], 4) for name in LOSSES if name in last},
        **{name: round(value, 3) for name, value in scores(report).items()},
        "minutes": round(trainer.spent / 60, 1),
        "crops": trainer.seen,
    }
    write_json(folder / "result.json", {"made_with": made_with, "row": row})


def write_table(output: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """<output>/table.md and table.csv: a row a config, empty where it has no such loss."""
    names = ["config", *(name for name in (*LOSSES, *SCORES, "minutes", "crops") if any(name in row for row in rows))]
    table = markdown_table(names, [[row.get(name, "") for name in names] for row in rows])
    with atomic_path(output / "table.md") as temporary:
        temporary.write_text(f"{table}\n", encoding="utf-8")
    with atomic_path(output / "table.csv") as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def write_sheet(path: Path, folders: Sequence[Path]) -> None:
    """One picture: a column a held-out pair; rows source, target, teacher, then the result of every run."""
    kinds = [
        (folders[0], "source", "source"),
        (folders[0], "target", "target"),
        (folders[0], "teacher", "teacher"),
        *((folder, "result", folder.name) for folder in folders),
    ]
    rows = []
    for folder, kind, name in kinds:
        pictures = [read_image(file) for file in sorted((folder / "pictures").glob(f"*_{kind}.png"))]
        rows.append(np.hstack([text_strip(name, LABEL, pictures[0].shape[0]), *pictures]))
    record = provenance(content="faces that were swapped by networks in training, beside the originals")
    write_image(path, np.vstack(rows), **save_options(path, record))
