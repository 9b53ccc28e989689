"""The training loop, the same for the distillation, Q and the occlusion segmenter: budget, step size, callbacks,
Ctrl-C."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import paddle

from paddle_mfs.engine import distributed
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.checkpoint import save_checkpoint
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.interrupt import StopRequest


class TrainingLoop:
    """Drives a run. What is trained, and how, its sub-classes say.

    Args:
        config: with the sections `optimizer` (lr, warmup) and `run` (output, steps, minutes, keep).
        callbacks: engine.callback.Callback, called in order.

    step, seen: optimiser steps and pictures so far, of all processes; spent: seconds, over all resumed parts.
    """

    batches_a_step = 1

    def __init__(self, config: Config, callbacks: Iterable[Callback] = ()):
        self.config, self.output, self.callbacks = config, Path(config.run.output), list(callbacks)
        self.step = self.seen = 0
        self.spent = 0.0

    # What a sub-class has to say

    def stream(self) -> Generator[Any, None, None]:
        """Batch after batch, from where the run is; closed at the end."""
        raise NotImplementedError

    def train_step(self, *batches: Any) -> dict[str, paddle.Tensor]:
        """One optimiser step on `batches_a_step` batches, counted in `step` and `seen` -> {name: scalar tensor} to be
        logged."""
        raise NotImplementedError

    def states(self) -> dict[str, dict[str, Any]]:
        """The state dicts of a checkpoint, by name. Raises UserError when they must not be saved."""
        raise NotImplementedError

    def export(self) -> Any:
        """Write the weights, with their card, as the run's result."""
        raise NotImplementedError

    # What it may say besides

    def introduction(self) -> list[str]:
        """Lines to be printed at the start."""
        return [f"step {self.step}, output in {self.output}"]

    def counters(self) -> dict[str, Any]:
        """What a checkpoint holds beside the states, JSON-able."""
        return {"step": self.step, "seen": self.seen, "spent": self.spent, "config": self.config.to_dict()}

    @property
    def head_start(self) -> int:
        """Steps at first in which what the step size belongs to does not learn yet."""
        return 0

    @property
    def is_first(self) -> bool:
        """Is this the first of several processes? Only that one writes files."""
        return True

    # The loop

    def fit(self) -> None:
        """Train until the budget (run.steps, run.minutes) is spent, then save and export.

        Ctrl-C saves a checkpoint and raises KeyboardInterrupt. Raises UserError for a run without a budget or a place
        to write.
        """
        if not self.config.run.steps and not self.config.run.minutes:
            raise UserError("run.steps and run.minutes are both 0; give one of them")
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.output}: cannot be written ({error.strerror}); change run.output") from None
        try:
            self._fit()
        finally:
            self.call("on_close")

    def _fit(self):
        start, before = time.time(), self.spent
        self.call("on_start")
        with StopRequest() as stop, contextlib.closing(self.stream()) as stream:
            while self.progress < 1:
                began = time.time()
                batches = [next(stream) for _ in range(self.batches_a_step)]
                reader_cost = time.time() - began
                record = self.train_step(*batches)
                # Of several processes all have to stop after the same step, so these two numbers are exchanged after
                # each.
                stopping, self.spent = distributed.mean([stop.requested, before + time.time() - start])
                self.call("on_step", {**record, "reader_cost": reader_cost, "batch_cost": time.time() - began})
                if stopping:
                    self.save_checkpoint()
                    raise KeyboardInterrupt
        self.save_checkpoint()
        if self.is_first:
            self.export()
        self.call("on_end")

    @property
    def progress(self) -> float:
        """Share of the budget spent, 0..1: of run.steps or of run.minutes, whichever is further."""
        run = self.config.run
        shares = [self.step / run.steps if run.steps else 0, self.spent / 60 / run.minutes if run.minutes else 0]
        return min(1.0, max(shares))

    @property
    def learning_rate(self) -> float:
        """Linear warm-up once it learns, then a cosine down to optimizer.final of the peak (0 without) at the end of
        the budget."""
        o = self.config.optimizer
        warm = min(1.0, max(0, self.step + 1 - self.head_start) / max(1, o.warmup))
        final = o.get("final", 0.0)
        return o.lr * warm * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * self.progress)))

    def save_checkpoint(self) -> Path | None:
        """Write a checkpoint under run.output and return its folder; None in a process that writes no files."""
        if not self.is_first:
            return None
        return save_checkpoint(self.output / "checkpoints", self.states(), self.counters(), self.config.run.keep)

    def call(self, event: str, *args: Any) -> None:
        """Tell every callback, e.g. call("on_log", line)."""
        for callback in self.callbacks:
            getattr(callback, event)(self, *args)
