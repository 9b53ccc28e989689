"""L_adv of the paper's objective, as hinge loss (https://arxiv.org/abs/1705.02894); the paper does not tell its kind."""

import paddle.nn.functional as F


def _mean(maps):
    """Mean of each scale's map, then of the scales."""
    return sum(one.mean() for one in maps) / len(maps)


def adversarial_loss(fake):
    """The student's side. fake: maps of the discriminator on its results, [(N, 1, h, w)] -> scalar, low when they look real."""
    return -_mean(fake)


def discriminator_loss(real, fake):
    """The discriminator's side: real up to 1, fake down to -1; 2 while it cannot tell them apart, 0 when it always can.

    real, fake: its maps on target crops and on results, [(N, 1, h, w)] -> scalar.
    """
    return _mean([F.relu(1 - one) for one in real]) + _mean([F.relu(1 + one) for one in fake])
