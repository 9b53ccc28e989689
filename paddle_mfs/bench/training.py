"""The speed of training, from Paddle's own operators to how the trainer runs them."""

from __future__ import annotations

import paddle

from paddle_mfs.bench.stopwatch import WARM_UP, turns_of
from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.losses.perceptual import Perceptual
from paddle_mfs.models import create_model
from paddle_mfs.ops import threads
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.utils.table import text_table

WEIGHT = 5.0  # of L_per


def time_training(trainer: Trainer, steps: int = 4) -> dict[str, float]:
    """Crops per second of training steps, from Paddle's own operators to how the trainer runs them, change after
    change.

    Args:
        trainer: a fresh one (it is trained on: discard it). An untrained SqueezeNet stands in for the network of L_per.
        steps: timed steps of each stage, after two to warm up; their mean counts.
    Returns: {what was changed: crops per second}, in order. The last change, keeping freed memory, cannot be undone in
        a process.
    """
    perceptual = Perceptual(freeze(create_model("squeezenet")))
    trainer.objective.terms["perceptual"] = perceptual
    trainer.objective.weights = {**trainer.objective.weights, "perceptual": WEIGHT}
    cache, stream = trainer.sampler.cache, trainer.sampler.stream()

    def speed():
        [turns] = turns_of({"step": step}, steps, WARM_UP).values()
        return sum(turn.result for turn in turns) / sum(turn.seconds for turn in turns)

    def step():
        if forgetful:
            cache.forget()
        batch = Batch(*map(paddle.to_tensor, next(stream)))
        trainer.train_step(batch)
        return batch.targets.shape[0]

    results, forgetful = {}, True
    with plain_operators():
        results["Paddle's own operators"] = speed()
    results["compiled depthwise and PReLU; OpenBLAS for convolutions and products"] = speed()
    forgetful = False
    results["identity features kept"] = speed()
    perceptual.every = 2
    results["L_per on every other step"] = speed()
    threads.keep_pages()
    results["freed memory kept"] = speed()
    return results


def text(speeds: dict[str, float], size: int = 128) -> str:
    """The result of `time_training` at `size` pixels as text."""
    first = next(iter(speeds.values()))
    rows = [(name, f"{speed:.1f}", f"{speed / first:.1f}") for name, speed in speeds.items()]
    headers = [f"training at {size} px, one thread; each line adds to the one above", "crops/s", "ratio"]
    return text_table(headers, rows)
