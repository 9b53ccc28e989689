"""Training of one network on numbered samples: batches made ahead, checkpoints, exact resume."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paddle
import paddle.nn as nn

from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer
from paddle_mfs.engine.loop import TrainingLoop
from paddle_mfs.utils.config import Config
from paddle_mfs.version import __version__
from paddle_mfs.weights import save_state, write_card


class SampledLoop(TrainingLoop):
    """A step is one batch of run.batch samples; sub-classes say what the loss is, and export.

    Args:
        config: with the sections `data` (workers, licence, ...), `optimizer` (lr, warmup, decay) and `run` (batch,
            seed, ...).
        make: makes the network, its random start by run.seed.
        sample: a number -> that sample, a tuple. Called from several threads.
        callbacks: called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(
        self,
        config: Config,
        make: Callable[[], nn.Layer],
        sample: Callable[[int], tuple],
        callbacks: Iterable[Callback] = (),
        resume: str | Path | None = None,
    ):
        super().__init__(config, callbacks)
        paddle.seed(config.run.seed)
        self.net, self.sample = make(), sample
        self.optimizer = paddle.optimizer.AdamW(
            config.optimizer.lr, parameters=self.net.parameters(), weight_decay=config.optimizer.decay
        )
        if resume:
            states, progress = load_checkpoint(resume)
            self.net.set_state_dict(states["net"])
            restore_optimizer(self.optimizer, self.net, states["optimizer"])
            self.step, self.spent = progress["step"], progress["spent"]
            self.seen = progress.get("seen", self.step * config.run.batch)  # checkpoints of older versions have none

    def losses(self, *columns: tuple) -> dict[str, paddle.Tensor]:
        """A batch, its samples' first parts, second parts and so on -> {name: scalar}; "loss" is what is minimised."""
        raise NotImplementedError

    def stream(self) -> Generator[tuple[tuple, ...], None, None]:
        """Batch after batch of columns, the next one in the making."""
        size = self.config.run.batch
        with ThreadPoolExecutor(max(1, self.config.data.workers)) as pool:

            def order(step):
                return [pool.submit(self.sample, step * size + i) for i in range(size)]

            step, waiting = self.step, order(self.step)
            while True:
                step += 1
                ready, waiting = waiting, order(step)
                yield tuple(zip(*(future.result() for future in ready)))

    def train_step(self, batch: tuple[tuple, ...]) -> dict[str, paddle.Tensor]:  # type: ignore[override]
        """One step on a batch of `stream` -> {"loss": scalar tensor, ...}."""
        self.net.train()
        found = self.losses(*batch)
        self.optimizer.set_lr(self.learning_rate)
        found["loss"].backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self.step += 1
        self.seen += len(batch[0])
        return {name: value.detach() for name, value in found.items()}

    def states(self) -> dict[str, dict[str, Any]]:
        return {"net": self.net.state_dict(), "optimizer": named_optimizer_state(self.optimizer, self.net)}

    def write(self, name: str, facts: dict[str, Any], judge: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        """Write run.output/`name`.pdparams as float16 with its card: `facts`, how it was made, and the judgement.

        judge: what it says of that file is the judgement, kept as `judgement` too. Returns: the judgement.
        """
        path, config = self.output / f"{name}.pdparams", self.config
        save_state(path, self.net.state_dict(), half=True)
        self.judgement = judge(path)
        made = {
            "software": f"paddle_mfs {__version__}, paddle {paddle.__version__}",
            "steps": self.step,
            "images": self.seen,
            "minutes": round(self.spent / 60, 1),
            "config": config.to_dict(),
        }
        licence = {key: config.data[key] for key in ("licence", "licence_note")}
        parameters = sum(p.size for p in self.net.parameters())
        write_card(
            path,
            {
                "name": name,
                **licence,
                **facts,
                "parameters": parameters,
                "stored_as": "float16",
                "made": made,
                "heldout": self.judgement,
            },
        )
        return self.judgement
