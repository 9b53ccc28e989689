"""The way through the IDN: how image and mask come together, and what the mask may teach."""

import numpy as np
import paddle

from paddle_mfs.models.idn import IDN, run_idn


def way(idn, picture):
    x = paddle.to_tensor(picture)
    return x, run_idn(x, idn.encoder, idn.decoder, idn.final, idn.mask)


def taught(idn, output):
    """The parts of the network that a gradient of this output reaches."""
    idn.clear_gradients()
    output.mean().backward(retain_graph=True)
    return {
        name.split(".")[0] for name, p in idn.named_parameters() if p.grad is not None and float(p.grad.abs().max()) > 0
    }


def test_result_is_the_image_where_the_mask_is_and_the_target_elsewhere(lively_idn, picture):
    with paddle.no_grad():
        x, swap = way(lively_idn, picture)
    image, mask = swap.image.numpy().astype(np.float64), swap.mask.numpy().astype(np.float64)
    assert 0 <= image.min() and image.max() <= 1 and np.abs(image - picture).mean() > 0.05
    assert mask.shape == (1, 1, 96, 96) and 0 < mask.min() and mask.max() < 1
    np.testing.assert_allclose(swap.result.numpy(), image * mask + (1 - mask) * picture, atol=1e-6)


def test_the_mask_teaches_itself_alone(picture):
    """It is made of the detached bottleneck: what L_mask wants changes neither encoder nor decoder."""
    idn = IDN()
    _, swap = way(idn, picture)
    assert taught(idn, swap.mask) == {"mask"}
    assert taught(idn, swap.image) == {"encoder", "decoder", "final"}
