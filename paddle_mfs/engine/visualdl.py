"""A training run's curves and previews for VisualDL (https://github.com/PaddlePaddle/VisualDL), an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.loop import TrainingLoop
from paddle_mfs.utils.errors import UserError


class VisualDL(Callback):
    """Writes <output>/visualdl: every number of the log and of evaluations as a curve over steps, the previews as
    pictures.

    Raises UserError when visualdl is not installed.
    """

    def __init__(self, output: str | Path):
        try:
            from visualdl import LogWriter
        except ImportError:
            raise UserError(
                "run.visualdl: visualdl is not installed; pip install visualdl, or set run.visualdl to false"
            ) from None
        self._writer_class, self.folder = LogWriter, str(Path(output) / "visualdl")
        self._writer: Any = None

    def on_start(self, trainer: TrainingLoop) -> None:
        self._writer = self._writer_class(logdir=self.folder, display_name=trainer.output.name)

    def on_log(self, trainer: TrainingLoop, line: dict[str, float]) -> None:
        self._scalars("train", line)

    def on_evaluation(self, trainer: TrainingLoop, line: dict[str, Any]) -> None:
        self._scalars("heldout", line)

    def on_preview(self, trainer: TrainingLoop, picture: np.ndarray) -> None:
        self._writer.add_image("preview", picture, trainer.step)

    def on_close(self, trainer: TrainingLoop) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _scalars(self, group, line):
        for name, value in line.items():
            if name != "step":
                self._writer.add_scalar(f"{group}/{name}", value, line["step"])
