"""Results as they are pasted: what the terms judge when `loss.pasted` is true."""

import numpy as np
import paddle

from paddle_mfs.losses.pasted import as_pasted
from paddle_mfs.models.idn import Swap
from paddle_mfs.swap.change import change_of


def crops(seed):
    return np.random.default_rng(seed).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)


def tensor(pixels):
    return paddle.to_tensor((pixels / 255).astype(np.float32).transpose(0, 3, 1, 2))


def test_what_is_judged_is_what_is_pasted():
    targets, results = crops(0), crops(1)
    shown = as_pasted(Swap(tensor(results), paddle.ones([1]), paddle.zeros([1])), tensor(targets))
    for crop, result, made in zip(targets, results, shown.result.numpy().transpose(0, 2, 3, 1)):
        change = change_of(crop, result / np.float32(255))
        np.testing.assert_allclose(made, crop / 255 + change, atol=1e-5)
    assert shown.mask.item() == 1 and shown.image.item() == 0


def test_the_finest_detail_is_nobodys_fault():
    """No gradient asks for what stays the target's; one that a network can follow comes through whole."""
    targets, result = tensor(crops(0)), tensor(crops(1))
    result.stop_gradient = False
    stripes = paddle.to_tensor(np.tile(np.array([1, -1], np.float32), 32))  # along x
    for weight, reaches in ((stripes, False), (paddle.ones([64]), True)):
        (as_pasted(Swap(result, None, None), targets).result * weight).sum().backward()
        assert (np.abs(result.grad.numpy()).max() > 0.5) == reaches
        result.clear_gradient()
