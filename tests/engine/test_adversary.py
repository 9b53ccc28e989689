"""L_adv in a run: the head start, exact resume, and its place in the objective."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch, batches
from paddle_mfs.engine.adversary import Adversary
from paddle_mfs.engine.build import build_objective
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.losses.adversarial import adversarial_loss
from paddle_mfs.losses.reweight import Reweighting
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import Swap
from paddle_mfs.models.quality import QualityNet
from paddle_mfs.utils.config import Config


@pytest.fixture
def make_config(make_config):
    """The tiny run of conftest.py, with L_adv."""
    return lambda *overrides: make_config("loss.weights.adversarial=1", "loss.discriminator.width=8", *overrides)


def arrays(layer):
    return {name: value.numpy() for name, value in layer.state_dict().items()}


def first_batch(trainer):
    return next(iter(batches(trainer.sampler, 0)))


def differing(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_in_the_head_start_only_the_discriminator_learns_and_then_both_do(make_config):
    trainer = Trainer(make_config("loss.discriminator.warmup=2", "optimizer.warmup=0"))
    batch, net, judge = first_batch(trainer), arrays(trainer.net), arrays(trainer.adversary.discriminator)
    losses = [trainer.train_step(batch) for _ in range(2)]
    assert [loss.keys() for loss in losses] == [{"disc"}, {"disc"}] and float(losses[0]["disc"]) == pytest.approx(
        2, abs=0.3
    )
    assert not differing(net, arrays(trainer.net))
    changed = arrays(trainer.adversary.discriminator)
    assert {name for name in judge if name.endswith("weight_orig")} <= differing(judge, changed)
    record = trainer.train_step(batch)
    assert {"adv", "disc", "loss"} <= record.keys() and trainer.step == 3
    assert differing(net, arrays(trainer.net)) and differing(changed, arrays(trainer.adversary.discriminator))


def test_a_resumed_run_goes_on_with_the_same_discriminator(make_config):
    stopped = Trainer(
        make_config("run.steps=2", "loss.discriminator.warmup=2")
    )  # the student's optimiser has no state yet
    stopped.fit()
    resumed = Trainer(make_config("run.steps=3", "loss.discriminator.warmup=2"), resume=stopped.output / "checkpoints")
    assert not differing(arrays(stopped.adversary.discriminator), arrays(resumed.adversary.discriminator))
    batch = first_batch(stopped)
    real, fake = (tensor.astype("float32") / 255 for tensor in (batch.targets, batch.taught))
    losses = []
    for trainer in (stopped, resumed):
        losses.append(trainer.adversary.gather(real, fake))
        trainer.adversary.step()
    assert losses[0] == losses[1]
    mine, theirs = stopped.adversary.states(), resumed.adversary.states()
    assert mine.keys() == theirs.keys() == {"discriminator", "discriminator_optimizer"}
    assert any(name.endswith("moment2_0") for name in theirs["discriminator_optimizer"])
    for part in mine:  # a step from the same weights with the same optimiser's state: the same to the last bit
        assert mine[part].keys() == theirs[part].keys()
        for name, value in mine[part].items():
            np.testing.assert_array_equal(np.asarray(theirs[part][name]), np.asarray(value), err_msg=name)
    assert resumed.step == 2 and "loss" in resumed.train_step(batch)


@pytest.fixture
def parts():
    """Embedder, objective with L_adv and Q (untrained), a batch and a swap of noise, source embeddings."""
    paddle.seed(0)
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    quality = QualityNet(8)
    quality.fc.weight.set_value(quality.fc.weight * 1e-3)
    quality.eval()
    weights = {"reconstruction": 30.0, "unmasked": 30.0, "identity": 3.0, "mask": 10.0, "adversarial": 0.5}
    x = [paddle.rand([2, 3, 112, 112]) for _ in range(4)]
    region = paddle.zeros([2, 1, 112, 112])
    region[:, :, 32:96, 32:96] = 1
    batch = Batch(None, x[0], x[1], 1 - region, region, None, paddle.zeros([2]))
    swap = Swap(x[2], paddle.rand([2, 1, 112, 112]), x[3])
    section = {"weights": weights, "reweight": "cos*q", "quality": "none", "distillation": True, "opening": 1.0}
    section["identity_on_reverse"], section["pasted"] = 1.0, False
    objective = build_objective(Config({**section, "discriminator": {"width": 8, "scales": 2}}), embedder)
    objective.reweighting = Reweighting(quality=quality)
    return objective, batch, swap, embedder(x[0])[0]


def adversary_of(objective):
    return Adversary(objective.terms["adversarial"], Config({"lr": 1e-3, "warmup": 0}))


def test_the_objective_adds_l_adv_and_weighs_with_q(parts):
    objective, batch, swap, source = parts
    loss, record = objective(swap, batch, source, 0)
    alphas, quality = objective.alphas.numpy(), objective.reweighting.quality(batch.taught).numpy()
    discriminator = objective.terms["adversarial"].discriminator
    discriminator.eval()
    l_adv = float(adversarial_loss(discriminator(swap.result)))
    assert float(record["adv"]) == pytest.approx(l_adv, rel=1e-5)
    assert float(record["quality"]) == pytest.approx(quality.mean(), rel=1e-5)
    objective.reweighting, weights = Reweighting(), objective.weights
    objective.weights = {**weights, "adversarial": 0.0}
    without, _ = objective(swap, batch, source, 0)
    np.testing.assert_allclose(alphas, objective.alphas.numpy() * quality, rtol=1e-5)
    objective.weights = weights
    assert float(objective(swap, batch, source, 0)[0]) == pytest.approx(float(without) + 0.5 * l_adv, rel=1e-5)
    assert float(loss) < float(without) + 0.5 * l_adv


def test_l_adv_reaches_the_student_and_the_discriminators_loss_does_not(parts):
    objective, batch, swap, source = parts
    adversary = adversary_of(objective)
    swap.result.stop_gradient = False
    adversary.gather(batch.targets, swap.result)
    assert swap.result.grad is None
    before = arrays(adversary.discriminator)
    adversary.step()
    assert any(name.endswith("weight_orig") for name in differing(before, arrays(adversary.discriminator)))
    objective.weights = {"adversarial": 1.0}
    loss, _ = objective(swap, batch, source, 0)
    loss.backward()
    assert swap.result.grad.abs().sum() > 0
    with adversary.discriminator.fixed() as discriminator:  # a small step down that gradient looks more real to it
        moved = swap.result - 0.01 * swap.result.grad / swap.result.grad.abs().max()
        assert float(adversarial_loss(discriminator(moved))) < float(loss)


def test_two_halves_gathered_are_one_whole(parts):
    objective, batch, swap, _ = parts
    adversary = adversary_of(objective)
    adversary.discriminator.eval()  # no power iteration between the two
    adversary.gather(batch.targets, swap.result)
    whole = [p.grad.numpy() for p in adversary.discriminator.parameters()]
    adversary.optimizer.clear_grad()
    for half in (slice(0, 1), slice(1, 2)):
        adversary.gather(batch.targets[half], swap.result[half], 0.5)
    for p, gradient in zip(adversary.discriminator.parameters(), whole):
        # 1e-6: the last bias has no gradient where every judgement lies within its margin
        np.testing.assert_allclose(p.grad.numpy(), gradient, rtol=1e-3, atol=1e-3 * np.abs(gradient).max() + 1e-6)


def test_a_checkpoint_without_it_leaves_it_fresh(parts):
    adversary = adversary_of(parts[0])
    before = arrays(adversary.discriminator)
    adversary.restore({"net": {}})
    assert not differing(before, arrays(adversary.discriminator))


@pytest.mark.parametrize("warmup", (0, 2))
def test_a_teachers_painting_is_never_shown_as_real(make_config, monkeypatch, warmup):
    """Of reverse pairs the discriminator is shown what is taught: their targets are painted."""
    trainer = Trainer(
        make_config("data.reverse=0.5", "data.same_identity=0.2", f"loss.discriminator.warmup={warmup}", "run.seed=1")
    )
    shown, gather = [], trainer.adversary.gather
    monkeypatch.setattr(trainer.adversary, "gather", lambda real, *more: (shown.append(real), gather(real, *more))[1])
    batch = first_batch(trainer)
    reverse = batch.real.numpy() > batch.same.numpy()
    assert 0 < reverse.sum() < len(reverse)
    trainer.train_step(batch)
    wanted = np.where(reverse[:, None, None, None], batch.taught.numpy(), batch.targets.numpy())
    np.testing.assert_array_equal(np.rint(shown[0].numpy() * 255).astype(np.uint8), wanted)
    assert trainer.objective.reweighting.trusts_real
