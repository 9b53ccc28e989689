"""When numbers stop being finite: the layer is named, the last good checkpoint stays."""

import numpy as np
import paddle
import paddle.nn as nn
import pytest

from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.callbacks import Checkpoints
from paddle_mfs.engine.checkpoint import checkpoints, load_checkpoint
from paddle_mfs.engine.finite import FiniteWatch, not_finite_layer, not_finite_weight
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.utils.errors import UserError


class Times(nn.Layer):
    """x * factor, or sqrt(x) when there is none: its gradient at 0 is infinite."""

    def __init__(self, factor=None):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x.sqrt() if self.factor is None else x * self.factor


@pytest.mark.parametrize(
    "layers, first",
    [
        ((Times(2.0), Times(float("inf")), Times(2.0)), "the output of net.1"),
        ((Times(2.0), Times(3.0), Times(2.0)), None),
        ((Times(2.0), Times(0.0), Times(), Times(1.0)), "the gradient at the output of net.1"),
    ],
)
def test_the_first_layer_is_named(layers, first):
    net = nn.Sequential(*layers)
    x = paddle.ones([3])
    x.stop_gradient = False
    assert not_finite_layer({"net": net}, lambda: net(x).sum()) == first


def test_a_loss_that_is_not_finite_though_all_layers_are():
    net = nn.Sequential(Times(0.0))
    assert "the loss" in not_finite_layer({"net": net}, lambda: net(paddle.ones([2])).sum().log())


@pytest.fixture
def batch(make_config):
    from paddle_mfs.data.pairs import Batch

    return Batch(*map(paddle.to_tensor, next(Trainer(make_config()).sampler.stream())))


@pytest.mark.parametrize(
    "name, value, first",
    [
        ("predictor.encoder.1.norm.weight", float("nan"), "the weight net.predictor.encoder.1.norm.weight"),
        ("final.4.weight", 3e38, "the output of net.final.4"),
    ],
)
def test_a_training_step_names_the_layer_and_leaves_the_weights(make_config, batch, name, value, first):
    trainer = Trainer(make_config())
    parameter = dict(trainer.net.named_parameters())[name]
    parameter.set_value(paddle.full(parameter.shape, value))
    before = trainer.net.predictor.first.weight.numpy()
    with pytest.raises(UserError) as error:
        trainer.train_step(batch)
    assert first in str(error.value) and "optimizer.lr" in str(error.value) and "\n" not in str(error.value)
    np.testing.assert_array_equal(trainer.net.predictor.first.weight.numpy(), before)
    assert trainer.step == 0


def test_the_accumulated_batch_that_went_wrong_is_found(make_config, batch):
    trainer = Trainer(make_config())
    identities = trainer.sampler.identities

    def second_is_bad(part):
        embedding, feature = identities(part)
        return embedding, feature * float("nan") if part is bad else feature

    good, bad = trainer._as_float(batch), trainer._as_float(batch)
    trainer._as_float, trainer.sampler.identities = lambda part: part, second_is_bad
    with pytest.raises(UserError, match="step 0: not finite any more, first the output of net.predictor.first;"):
        trainer.train_step(good, bad)


def test_the_last_good_checkpoint_stays(make_config):
    trainer = Trainer(make_config("run.steps=20", "run.keep=1", "optimizer.warmup=0"), [Checkpoints(0.0)])

    class Blow(Callback):
        def on_step(self, trainer, record):
            if trainer.step == 2:
                trainer.net.final._sub_layers["7"].bias.set_value(paddle.full([3], float("inf")))

    trainer.callbacks.append(Blow())
    with pytest.raises(UserError, match="final.7.bias"):
        trainer.fit()
    [kept] = checkpoints(trainer.output / "checkpoints")
    assert kept.name == "step_00000002"
    trainer.net.set_state_dict(load_checkpoint(kept)[0]["net"])
    assert not_finite_weight(trainer.net) is None
    trainer.net.final._sub_layers["7"].bias.set_value(paddle.full([3], float("nan")))
    with pytest.raises(UserError, match="final.7.bias is not finite any more, nothing is saved"):
        trainer.save_checkpoint()


def test_a_sum_of_many_steps_tells_that_one_of_them_went_wrong(monkeypatch):
    monkeypatch.setattr(paddle.device, "get_device", lambda: "gpu:0")
    watch = FiniteWatch(every=50)
    assert [step for step in range(101) if watch.is_due(step)] == [0, 50, 100]
    for bad in (float("nan"), float("inf"), float("-inf")):
        for value in (1.0, bad, 3.0):
            watch.add(paddle.to_tensor(value), paddle.to_tensor(2.0))
        assert watch.went_wrong() and not watch.went_wrong()


def test_where_not_every_step_is_read_no_bad_checkpoint_is_written(make_config):
    """As on a GPU: the step that went wrong is told at the next log line, and what was saved before is good."""

    class Spoil(Callback):
        def on_step(self, trainer, record):
            if trainer.step == 2:
                trainer.save_checkpoint()
            if trainer.step == 3:
                trainer.net.final._sub_layers["7"].bias.set_value(paddle.full([3], float("nan")))

    trainer = Trainer(make_config("run.steps=20"), [Spoil()])
    trainer.watch.every = 5
    with pytest.raises(UserError, match="step 5: not finite any more"):
        trainer.fit()
    with pytest.raises(UserError, match="nothing is saved"):
        trainer.save_checkpoint()
    [kept] = checkpoints(trainer.output / "checkpoints")
    assert kept.name == "step_00000002"
    trainer.net.set_state_dict(load_checkpoint(kept)[0]["net"])
    assert not_finite_weight(trainer.net) is None
