"""The fast CPU layers equal the Paddle operators they replace, forward and backward."""

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F
import pytest

from paddle_mfs.ops import layers


def leaf(*shape):
    tensor = paddle.randn(shape)
    tensor.stop_gradient = False
    return tensor


def outputs_and_gradients(function, tensors):
    """Run with fresh leaves of the same values -> [output, gradient of each]."""
    leaves = [paddle.to_tensor(t.numpy(), stop_gradient=False) for t in tensors]
    y = function(*leaves)
    (y * paddle.to_tensor(np.cos(np.arange(y.size, dtype=np.float32)).reshape(y.shape))).sum().backward()
    return [y.numpy(), *(t.grad.numpy() for t in leaves)]


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())


@pytest.mark.parametrize(
    "n, c, h, w, k, stride, padding, identities",
    [
        (2, 5, 9, 12, 3, 1, 1, 1),
        (2, 5, 8, 8, 4, 2, 1, 1),
        (4, 3, 17, 16, 3, 2, (0, 1), 1),
        (1, 6, 7, 7, 7, 1, 0, 1),
        (6, 4, 8, 8, 4, 2, 1, 3),
        (6, 4, 8, 6, 3, 1, 1, 2),
    ],
)
def test_depthwise_equals_paddle(n, c, h, w, k, stride, padding, identities):
    paddle.seed(0)
    x, bias = leaf(n, c, h, w), leaf(c)
    weight = leaf(c, 1, k, k) if identities == 1 else leaf(identities, c, k, k)

    def run(x, weight, bias):
        return layers.depthwise_conv2d(x, weight, bias, stride, padding)

    compiled = outputs_and_gradients(run, [x, weight, bias])
    with layers.plain_operators():
        assert_same(compiled, outputs_and_gradients(run, [x, weight, bias]))


def test_depthwise_of_many_identities_is_each_with_its_own_kernels():
    paddle.seed(0)
    x, weight = paddle.randn([6, 4, 8, 8]), paddle.randn([3, 4, 3, 3])
    together = layers.depthwise_conv2d(x, weight, None, 1, 1)
    for g in range(3):
        alone = F.conv2d(x[2 * g : 2 * g + 2], weight[g].unsqueeze(1), None, 1, 1, groups=4)
        np.testing.assert_allclose(together[2 * g : 2 * g + 2].numpy(), alone.numpy(), atol=1e-5)


def test_depthwise_takes_tensors_that_are_not_contiguous():
    paddle.seed(0)
    x, weight = paddle.randn([2, 8, 6, 4]).transpose([0, 3, 1, 2]), paddle.randn([4, 1, 3, 3])
    np.testing.assert_allclose(
        layers.depthwise_conv2d(x, weight, None, 1, 1).numpy(),
        F.conv2d(x, weight, None, 1, 1, groups=4).numpy(),
        atol=1e-5,
    )


def test_frozen_prelu_equals_paddle_and_gives_its_slopes_no_gradient():
    paddle.seed(0)
    prelu, x = layers.FrozenPReLU(4), leaf(2, 4, 5, 5)
    prelu.weight.set_value(paddle.to_tensor([0.3, -0.2, 1.5, 0.0]))
    assert_same(
        outputs_and_gradients(prelu, [x]), outputs_and_gradients(lambda t: F.prelu(t, prelu.weight.detach()), [x])
    )
    assert prelu.weight.grad is None


@pytest.mark.parametrize(
    "inputs, outputs, k, stride, padding, large",
    [
        (3, 24, 3, 2, 1, 1 << 20),
        (8, 3, 3, 1, 1, 1 << 20),
        (2, 1, 3, 1, 0, 1 << 20),  # the first as products; two tiny ones, row by row
        (16, 24, 1, 1, 0, 1 << 20),
        (12, 8, 4, 1, 0, 0),
        (12, 8, 1, 1, 0, 0),  # 1x1; several samples at once
    ],
)
def test_convolution_equals_paddle(inputs, outputs, k, stride, padding, large, monkeypatch):
    monkeypatch.setattr(layers.cpu_products, "LARGE", large)
    paddle.seed(0)
    ours, x = layers.Conv2D(inputs, outputs, k, stride, padding), leaf(3, inputs, 9, 8)
    theirs = nn.Conv2D(inputs, outputs, k, stride, padding)
    ours.bias.set_value(paddle.randn([outputs]))
    theirs.set_state_dict(ours.state_dict())
    results = []
    for layer in (ours, theirs):
        layer.clear_gradients()
        results.append(outputs_and_gradients(layer, [x]) + [layer.bias.grad.numpy(), layer.weight.grad.numpy()])
    assert_same(*results)


def test_what_comes_of_a_sample_does_not_depend_on_the_others():
    paddle.seed(0)
    convolution, x = layers.Conv2D(32, 48, 3, padding=1), paddle.randn([7, 32, 7, 7])
    assert (convolution(x)[2:3].numpy() == convolution(x[2:3]).numpy()).all()


@pytest.mark.parametrize(
    "left, right",
    [((2, 3, 5, 4), (4, 6)), ((2, 1, 5, 4), (2, 3, 4, 6)), ((5, 4), (2, 3, 4, 6)), ((1, 3, 5, 4), (2, 1, 4, 6))],
)
def test_products_equal_paddle(left, right):
    paddle.seed(0)
    tensors = [leaf(*left), leaf(*right)]
    assert_same(outputs_and_gradients(layers.matmul, tensors), outputs_and_gradients(paddle.matmul, tensors))


def test_a_whole_network_gives_the_same_gradients_either_way():
    from paddle_mfs.models.mfs import load_mfs

    paddle.seed(0)
    net = load_mfs()
    x, z, f = paddle.rand([2, 3, 64, 64]), F.normalize(paddle.randn([2, 192])), paddle.randn([2, 512, 7, 7]) * 0.3

    def gradients():
        net.clear_gradients()
        net(x, z, f).image.square().mean().backward()
        return [net.predictor.base_dec[0].grad.numpy(), net.final._sub_layers["4"].weight.grad.numpy()]

    compiled = gradients()
    with layers.plain_operators():
        assert_same(compiled, gradients())
