"""The discriminator: its shapes, Paddle's spectral normalisation in training and on disk, and that `fixed` fixes it."""

import copy

import numpy as np
import paddle
import pytest

from paddle_mfs.losses.adversarial import adversarial_loss, discriminator_loss
from paddle_mfs.models import create_model


@pytest.fixture
def net():
    paddle.seed(0)
    return create_model("discriminator", width=8)


def trained(net, steps=15):
    """A few steps of telling smooth pictures from noisy ones -> losses, optimiser."""
    optimizer = paddle.optimizer.Adam(2e-3, beta1=0.0, parameters=net.parameters())
    smooth, losses = paddle.rand([2, 3, 1, 1]).expand([2, 3, 48, 48]), []
    for _ in range(steps):
        loss = discriminator_loss(net(smooth), net((smooth + 0.2 * paddle.randn(smooth.shape)).clip(0, 1)))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(float(loss))
    return losses, optimizer


def largest_singular_values(net):
    return [
        np.linalg.svd(layer.weight.numpy().reshape(layer.weight.shape[0], -1), compute_uv=False)[0]
        for layer in net.sublayers()
        if hasattr(layer, "weight_u")
    ]


def test_one_map_a_scale(net):
    assert [tuple(one.shape) for one in net(paddle.rand([2, 3, 96, 96]))] == [(2, 1, 12, 12), (2, 1, 6, 6)]
    assert [
        tuple(one.shape) for one in create_model("discriminator", width=8, scales=3)(paddle.rand([1, 3, 64, 64]))
    ] == [(1, 1, 8, 8), (1, 1, 4, 4), (1, 1, 2, 2)]


def test_it_learns_and_every_layer_keeps_spectral_norm_one(net):
    losses, _ = trained(net, 30)
    assert losses[0] == pytest.approx(2, abs=0.1) and losses[-1] < 1
    net(paddle.rand([1, 3, 64, 64]))
    values = largest_singular_values(net)
    assert len(values) == 8 and max(values) < 1.15 and min(values) > 0.95  # one power iteration a step: nearly exact


def test_a_fresh_one_knows_its_norms_before_it_is_asked(net):
    with paddle.no_grad(), net.fixed():
        judged = net(paddle.rand([2, 3, 64, 64]))
    assert max(float(one.abs().max()) for one in judged) < 2  # its input lies in [-1, 1], and no layer enlarges it much


def test_state_dict_brings_back_the_power_iteration(net, tmp_path):
    trained(net)
    paddle.save(net.state_dict(), str(tmp_path / "d.pdparams"))
    other = create_model("discriminator", width=8)
    other.set_state_dict(paddle.load(str(tmp_path / "d.pdparams")))
    x = paddle.rand([2, 3, 64, 64])
    for _ in range(2):  # in training mode: u and v move on, alike in both
        for a, b in zip(net(x), other(x)):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    before = copy.deepcopy({name: value.numpy() for name, value in net.state_dict().items()})
    net.eval()
    net(x)
    assert all(np.array_equal(before[name], value.numpy()) for name, value in net.state_dict().items())


def test_fixed_lets_gradients_through_and_keeps_none(net):
    x = paddle.rand([1, 3, 64, 64])
    x.stop_gradient = False
    before = {name: value.numpy() for name, value in net.state_dict().items()}
    with net.fixed():
        adversarial_loss(net(x)).backward()
    assert float(x.grad.abs().sum()) > 0
    assert all(p.grad is None or not p.grad.numpy().any() for p in net.parameters())
    assert all(np.array_equal(before[name], value.numpy()) for name, value in net.state_dict().items())
    assert net.training
    discriminator_loss(net(x), net(x * 0.5)).backward()  # and it can learn again
    assert all(p.grad is not None for p in net.parameters()) and net.scales[0].layers[0].weight_orig.grad.numpy().any()
