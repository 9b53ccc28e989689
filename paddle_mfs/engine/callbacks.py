"""What watches a training run: the log line, preview grids, checkpoints, the loss curve."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from paddle_mfs.engine.alphas import AlphaHistogram
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.curve import draw_curve
from paddle_mfs.face.image import write_image
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.utils import jsonl
from paddle_mfs.utils.config import Config

if TYPE_CHECKING:
    import paddle

    from paddle_mfs.engine.loop import TrainingLoop
    from paddle_mfs.engine.trainer import Trainer

SHOWN = tuple(
    "loss rec copy raw per id id2 texture landmarks mask open alpha adv disc grad".split()
)  # the order on the screen


def duration(seconds: float) -> str:
    """125 -> '0:02:05'."""
    seconds = int(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class LogLine(Callback):
    """Every `every` steps: means since the last line, printed and appended to <output>/log.jsonl.

    rec is L_rec and copy is what L_rec would be for a student that copies the target; open is the mask's mean in the
    face core. Losses are added up as tensors and read when a line is written.
    """

    def __init__(self, every: int):
        self.every = every

    def on_start(self, trainer: TrainingLoop) -> None:
        self._sums: dict[str, Any] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)
        self._mark = time.time(), trainer.seen
        jsonl.rewind(trainer.output / "log.jsonl", trainer.step)
        for line in trainer.introduction():
            print(line, flush=True)

    def on_step(self, trainer: TrainingLoop, record: dict[str, float | paddle.Tensor]) -> None:
        for name, value in record.items():
            self._sums[name] = self._sums[name] + value
            self._counts[name] += 1
        if trainer.step % self.every:
            return
        means = {name: float(self._sums[name]) / self._counts[name] for name in self._sums}
        now, (then, seen) = time.time(), self._mark
        means["ips"] = (trainer.seen - seen) / (now - then)
        eta = trainer.spent * (1 / trainer.progress - 1) if trainer.progress else 0
        line = {
            "step": trainer.step,
            "seen": trainer.seen,
            "minutes": trainer.spent / 60,
            "lr": trainer.learning_rate,
            **means,
        }
        line = {name: value if name == "lr" else round(value, 6) for name, value in line.items()}
        jsonl.append(trainer.output / "log.jsonl", line)
        trainer.call("on_log", line)
        shown = [name for name in SHOWN if name in means]
        shown += [name for name in means if name not in (*SHOWN, "quality", "ips", "reader_cost", "batch_cost")]
        losses = " ".join(f"{name} {means[name]:.4f}" for name in shown)
        print(
            f"step {trainer.step} seen {trainer.seen} lr {line['lr']:.1e} | {losses} | ips {means['ips']:.1f} "
            f"reader_cost {means['reader_cost']:.3f} batch_cost {means['batch_cost']:.3f} eta {duration(eta)}",
            flush=True,
        )
        self._sums.clear()
        self._counts.clear()
        self._mark = now, trainer.seen


class Preview(Callback):
    """Every `every` steps and at the end: <output>/previews/<step>.png, and the loss curve <output>/curve.png."""

    def __init__(self, every: int):
        self.every = every

    def on_step(self, trainer: Trainer, record: dict[str, float | paddle.Tensor]) -> None:
        if trainer.step % self.every == 0:
            self._draw(trainer)

    def on_end(self, trainer: Trainer) -> None:
        if trainer.step % self.every:
            self._draw(trainer)

    def _draw(self, trainer):
        picture, path = trainer.preview(), trainer.output / "previews" / f"{trainer.step:08d}.png"
        record = provenance(content="faces that were swapped by a network in training, beside the originals")
        write_image(path, picture, **save_options(path, record))
        trainer.call("on_preview", picture)
        if (trainer.output / "log.jsonl").is_file():
            draw_curve(trainer.output / "log.jsonl", trainer.output / "curve.png")


class Checkpoints(Callback):
    """A checkpoint every `minutes` minutes; the newest few are kept (run.keep)."""

    def __init__(self, minutes: float):
        self.seconds = minutes * 60

    def on_start(self, trainer: TrainingLoop) -> None:
        self._last = time.time()

    def on_step(self, trainer: TrainingLoop, record: dict[str, float | paddle.Tensor]) -> None:
        if time.time() - self._last >= self.seconds:
            trainer.save_checkpoint()
            self._last = time.time()


def standard_callbacks(config: Config) -> list[Callback]:
    """What tools/train.py puts around a run, by its config.

    Raises UserError when it asks for VisualDL and that is not installed, or for an evaluation on pairs that are not
    there.
    """
    from paddle_mfs.engine.evaluation import Evaluation
    from paddle_mfs.engine.visualdl import VisualDL

    run, callbacks = config.run, list[Callback]()
    if run.visualdl:
        callbacks.append(VisualDL(config.run.output))
    callbacks += [LogLine(run.log_every), Preview(run.preview_every), AlphaHistogram(run.preview_every)]
    if config.evaluation.every:
        callbacks.append(Evaluation(config))
    return [*callbacks, Checkpoints(run.checkpoint_minutes)]
