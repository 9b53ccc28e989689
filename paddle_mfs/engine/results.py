"""All that docs/results.md says: the bundled networks beside others, whom they serve worst, and the ablations, which
are trained first where they are not yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paddle_mfs.engine import study
from paddle_mfs.engine.ablation import run_configs
from paddle_mfs.engine.settings import Rule, file_or, load_checked, load_settings
from paddle_mfs.metrics.pairs import FilePairs
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find

if TYPE_CHECKING:
    from paddle_mfs.utils.config import Config

Study = tuple[dict[str, Any], list[list[np.ndarray]]]  # of `study.run`: report and rows of pictures
TABLE = 20  # pairs in the table of the trainings themselves, which is not on the page
TITLE = "# Ablation. "  # begins a config's first line, which says what is left out
RULES = (
    Rule("protocol", lambda path: find(path).is_file(), "a file that is there"),
    file_or("features", None),
    Rule("methods", bool, "a list of one method or more"),
    Rule("sets", bool, "a list of one folder or more"),
)


def load_results(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The settings of configs/results.yml. Raises UserError, see `settings.load_checked`."""
    return load_checked(path, overrides, RULES)


def ablation_configs(names: Sequence[str]) -> list[Path]:
    """The configs of files and folders in order, each once. Raises UserError where there is none."""
    found: dict[Path, None] = {}
    for name in names:
        path = find(name)
        files = sorted(path.glob("*.yml")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise UserError(f"{name}: no config there; name YAML files of trainings, or a folder of them")
        found.update(dict.fromkeys(files))
    return list(found)


class Trained(NamedTuple):
    """The ablations as they were trained: `runs`, the rows of `run_configs`; `titles`, {name of a config: what its
    first line says of it}; `start`, the model.init of all of them."""

    runs: list[dict[str, Any]]
    titles: dict[str, str]
    start: str | None


def title(config: Path) -> str:
    """What the first line of a config says of it."""
    return config.read_text(encoding="utf-8").splitlines()[0].removeprefix(TITLE).removeprefix("# ")


class Results:
    """Makes the three parts of the page, each a `study.run`, by one protocol.

    Args:
        config: of `load_results`.
        progress_bar: of a part's name, gives what wraps its iterable of pairs (tqdm).
    Raises UserError for settings that are wrong, of the ablations' trainings too.
    """

    def __init__(self, config: Config, progress_bar: Callable[[str], Callable[[FilePairs], FilePairs]]):
        self.config, self._progress_bar = config, progress_bar
        self.configs = ablation_configs(config.ablations.configs)
        for path in self.configs:  # before anything takes its time
            load_settings(path, config.ablations.settings)
        self._protocol(config.methods)

    def networks(self) -> Study:
        """The methods of the config."""
        features = [f"features.weights={self.config.features}"] if self.config.features else []
        return self._study("networks", self.config.methods, *features)

    def groups(self) -> Study:
        """The first of them on all sets, group by group."""
        return self._study("groups", self.config.methods[:1], f"pairs.faces={_listed(self.config.sets)}")

    def ablations(self) -> tuple[Study, Trained] | None:
        """The ablations, trained first where they are not yet, beside no swap; None where there are none."""
        if not self.configs:
            return None
        section, output = self.config.ablations, Path(self.config.ablations.output)
        looked_at = min(self.config.count or TABLE, TABLE)
        runs = run_configs(self.configs, None, output, section.settings, count=looked_at)
        whole = load_settings(self.configs[0], section.settings)
        methods = [f"{study.WEIGHTS}{output / path.stem / 'mfs.pdparams'}" for path in self.configs]
        measured = self._study("ablations", [*methods, "none"], f"ours.size={whole.data.size}")
        return measured, Trained(runs, {path.stem: title(path) for path in self.configs}, whole.model.init)

    def _study(self, name, methods, *settings):
        return study.run(self._protocol(methods, *settings), name, self._progress_bar(name))

    def _protocol(self, methods, *settings):
        count = [] if self.config.count is None else [f"pairs.count={self.config.count}"]
        own = [f"methods={_listed(methods)}", *count, *settings]
        return study.load_protocol(find(self.config.protocol), [*self.config.settings, *own])


def _listed(names):
    """A list of words as `-o` takes it."""
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
