"""What a callback may watch of a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import paddle


class Callback:
    """Base of everything that watches a run; each method does nothing until it is overridden.

    In the order of a run: `on_start` once, `on_step` after every step, `on_end` when the budget is spent, `on_close`
    last of all, however the run ends. What callbacks tell each other, through `trainer.call`: `on_log`, `on_preview`,
    `on_evaluation`. Callbacks are called in the order of the list; of several processes only the first has any.
    `trainer` is the engine.loop.TrainingLoop that calls: a Trainer, or in the training of Q a QualityTrainer.
    """

    def on_start(self, trainer: Any) -> None:
        """Before the first step; `trainer.step` is above 0 when the run goes on from a checkpoint."""

    def on_step(self, trainer: Any, record: dict[str, float | paddle.Tensor]) -> None:
        """After a step, which `trainer.step` counts already.

        record: the step's losses by name, reader_cost and batch_cost (seconds). Losses are scalar tensors: reading one
        makes a GPU finish what it has been given, so read them only where something is shown.
        """

    def on_log(self, trainer: Any, line: dict[str, float]) -> None:
        """A line was added to log.jsonl."""

    def on_preview(self, trainer: Any, picture: np.ndarray) -> None:
        """A preview was drawn, (H, W, 3) uint8 RGB."""

    def on_evaluation(self, trainer: Any, line: dict[str, Any]) -> None:
        """A line was added to evaluation.jsonl."""

    def on_end(self, trainer: Any) -> None:
        """The budget is spent, the last checkpoint and the weights are written."""

    def on_close(self, trainer: Any) -> None:
        """The run is over: at its end, after Ctrl-C, or because of an error. The place to close what was opened."""
