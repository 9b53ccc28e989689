"""L_adv: hinge values worked out by hand, and which way its gradients push."""

import numpy as np
import paddle
import pytest

from paddle_mfs.losses.adversarial import adversarial_loss, discriminator_loss


def maps(*values):
    """One map a scale, of other sizes."""
    return [paddle.full([2, 1, 4 >> i, 4 >> i], value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    "real, fake, loss",
    [
        ((0, 0), (0, 0), 2),  # it cannot tell them apart
        ((1, 1), (-1, -1), 0),  # it can, by the margin
        ((5, 5), (-5, -5), 0),  # and no more is asked
        ((-1, -1), (1, 1), 4),  # it takes them for each other
        ((0.5, 0.5), (-1, -1), 0.5),
        ((1, 0), (-1, -1), 0.5),
    ],
)  # the mean over the scales
def test_discriminator_hinge(real, fake, loss):
    assert float(discriminator_loss(maps(*real), maps(*fake))) == pytest.approx(loss)


def test_each_patch_has_its_own_hinge():
    real = [paddle.to_tensor([3.0, -1.0]).reshape([1, 1, 1, 2])]
    assert float(discriminator_loss(real, maps(-1))) == pytest.approx(
        1
    )  # (0 + 2) / 2: one patch cannot pay for another


def test_student_wants_what_the_discriminator_calls_real():
    assert float(adversarial_loss(maps(3, 1))) == -2
    fake = maps(0.5, -3)
    for one in fake:
        one.stop_gradient = False
    adversarial_loss(fake).backward()
    np.testing.assert_allclose(fake[0].grad.numpy(), -1 / 2 / 32)  # up, everywhere alike: it does not saturate
    np.testing.assert_allclose(fake[1].grad.numpy(), -1 / 2 / 8)


def test_discriminator_is_pushed_only_within_the_margin():
    real, fake = maps(0.5, 2), maps(-0.5, -2)
    for one in real + fake:
        one.stop_gradient = False
    discriminator_loss(real, fake).backward()
    assert (real[0].grad.numpy() < 0).all() and (fake[0].grad.numpy() > 0).all()  # descent: real up, fake down
    assert not real[1].grad.numpy().any() and not fake[1].grad.numpy().any()
