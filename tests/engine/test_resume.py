"""A run that was stopped and resumed is the run that was not, to the last bit."""

import numpy as np
import paddle
import pytest

from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.callbacks import LogLine
from paddle_mfs.engine.checkpoint import checkpoints, load_checkpoint, save_checkpoint
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.models import create_model
from paddle_mfs.utils import jsonl
from paddle_mfs.weights import save_state


class Keep(Callback):
    """Keeps every step's record, and a checkpoint of step 3 in a folder of its own."""

    def on_start(self, trainer):
        self.records = []

    def on_step(self, trainer, record):
        self.records.append({name: float(value) for name, value in record.items() if not name.endswith("_cost")})
        if trainer.step == 3:
            self.checkpoint = trainer.save_checkpoint()


def test_a_resumed_run_repeats_the_unbroken_one(make_config, tmp_path):
    paddle.seed(5)
    save_state(tmp_path / "squeezenet.pdparams", create_model("squeezenet").state_dict())  # untrained
    config = make_config(
        "run.steps=6",
        "data.workers=2",
        "data.identities=3",
        "data.targets=1",
        "optimizer.accumulate=2",
        "ema.every=2",
        "loss.weights.perceptual=5",
        "loss.perceptual_network=squeezenet",
        f"loss.perceptual_weights={tmp_path / 'squeezenet.pdparams'}",
        "data.reverse=0.5",
        "loss.identity_on_reverse=0.3",
    )
    whole, again = Keep(), Keep()
    unbroken = Trainer(config, [whole])
    unbroken.fit()
    paddle.seed(99), paddle.rand([7])  # whatever else the process did
    resumed = Trainer(config, [again], resume=whole.checkpoint)
    assert (resumed.step, resumed.seen, resumed.batches) == (3, 18, 6)
    resumed.fit()
    assert whole.records[3:] == again.records and len(again.records) == 3
    assert ["per" in record for record in whole.records] == [True, False] * 3  # the phase of perceptual_every
    assert len({record["loss"] for record in whole.records}) == 6
    for one, other in ((unbroken.net, resumed.net), (unbroken.ema, resumed.ema)):
        theirs = other.state_dict()
        for name, value in one.state_dict().items():
            np.testing.assert_array_equal(theirs[name].numpy(), value.numpy(), err_msg=name)


def test_what_a_killed_process_leaves_is_not_in_the_way(tmp_path):
    for step in (1, 2):
        save_checkpoint(tmp_path, {"net": {"a": paddle.ones([1]) * step}}, {"step": step}, keep=1)
        (tmp_path / f"step_{step + 5:08d}.part").mkdir()  # killed while it wrote
    assert [path.name for path in checkpoints(tmp_path)] == ["step_00000002"]
    assert [path.name for path in tmp_path.glob("*.part")] == [
        "step_00000007.part"
    ]  # the other went with the next save
    save_checkpoint(tmp_path, {"net": {"a": paddle.zeros([1])}}, {"step": 2}, keep=1)
    states, _ = load_checkpoint(tmp_path)
    assert float(states["net"]["a"]) == 2, "a complete checkpoint is never taken away for one of the same step"


def test_the_log_goes_on_where_the_checkpoint_is(make_config):
    config = make_config("run.steps=2")
    trainer = Trainer(config, [LogLine(1)])
    trainer.output.mkdir()
    for step in (0, 1):
        jsonl.append(trainer.output / "log.jsonl", {"step": step})
    with open(trainer.output / "log.jsonl", "a") as file:
        file.write('{"step": 2, "se')
    trainer.fit()
    assert [line["step"] for line in jsonl.read(trainer.output / "log.jsonl")] == [0, 1, 2]


@pytest.mark.parametrize("workers", (0, 1))
def test_accumulated_batches_are_numbered_through(make_config, workers):
    """Steps of one batch and steps of two see the same batches in the same order."""
    seen = []
    for accumulate in (1, 2):
        trainer = Trainer(
            make_config(f"run.steps={4 // accumulate}", f"optimizer.accumulate={accumulate}", f"data.workers={workers}")
        )
        sources, identities = [], trainer.sampler.identities
        trainer.sampler.identities = lambda batch: (sources.append(batch.sources.tolist()), identities(batch))[1]
        trainer.fit()
        assert trainer.batches == 4 and trainer.step == 4 // accumulate
        seen.append(sources)
    assert seen[0] == seen[1] and len(seen[0]) == 4
