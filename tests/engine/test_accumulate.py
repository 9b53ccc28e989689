"""Gradient accumulation: what it shares with one large batch, and what it does not."""

import itertools

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.alphas import AlphaHistogram
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.utils import jsonl


def gradients(trainer, parts, training):
    if not training:
        trainer.net.eval()  # batch norms as fixed layers
    trainer.optimizer.clear_grad = lambda: None
    record = {name: float(value) for name, value in trainer.train_step(*parts).items()}
    return record, {name: p.grad.numpy() for name, p in trainer.net.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("training", (False, True))
def test_two_batches_accumulated_are_one_large_batch_but_for_batch_norm(make_config, training):
    def trainer():
        return Trainer(make_config("data.targets=1", "data.identities=3"))

    parts = [Batch(*map(paddle.to_tensor, batch)) for batch in itertools.islice(trainer().sampler.stream(), 2)]
    large = Batch(*(paddle.concat(column) for column in zip(*parts)))
    record, small = gradients(trainer(), parts, training)
    wanted_record, wanted = gradients(trainer(), [large], training)
    assert small.keys() == wanted.keys() and len(wanted) > 50
    off = {name: np.abs(small[name] - value).max() / (np.abs(value).max() + 1e-6) for name, value in wanted.items()}
    if training:  # each batch is normalised by its own statistics: near, not the same
        assert max(off.values()) > 0.05 and record["loss"] == pytest.approx(wanted_record["loss"], rel=0.3)
    else:
        assert record["loss"] == pytest.approx(wanted_record["loss"], rel=1e-5)
        assert max(off.values()) < 2e-3, max(off, key=off.get)


def test_the_histogram_of_alpha_counts_every_accumulated_batch(make_config):
    trainer = Trainer(make_config("run.steps=2", "optimizer.accumulate=3"), [AlphaHistogram(2)])
    trainer.fit()
    [line] = jsonl.read(trainer.output / "alphas.jsonl")
    assert sum(line["counts"]) == trainer.seen == 2 * 3 * 4
