"""L_adv of the paper's objective, as hinge loss (https://arxiv.org/abs/1705.02894); the paper does not tell its
kind."""

from collections.abc import Sequence

import paddle
import paddle.nn.functional as F

from paddle_mfs.losses.term import LOSSES, Resources, Term, View
from paddle_mfs.models.discriminator import MultiScaleDiscriminator


def _mean(maps):
    """Mean of each scale's map, then of the scales."""
    return sum(one.mean() for one in maps) / len(maps)


def adversarial_loss(fake: Sequence[paddle.Tensor]) -> paddle.Tensor:
    """The student's side. fake: the discriminator's maps of its results, [(N, 1, h, w)] -> scalar, low when they look
    real."""
    return -_mean(fake)


def discriminator_loss(real: Sequence[paddle.Tensor], fake: Sequence[paddle.Tensor]) -> paddle.Tensor:
    """The discriminator's side: real up to 1, fake down to -1; 2 while it cannot tell them apart, 0 when it always can.

    real, fake: its maps on real pictures and on results, [(N, 1, h, w)] -> scalar.
    """
    return _mean([F.relu(1 - one) for one in real]) + _mean([F.relu(1 + one) for one in fake])


@LOSSES.register("adversarial")
class Adversarial(Term):
    """L_adv: the discriminator is to take results for real pictures (`term.real_pictures`). engine.adversary.Adversary
    trains it.

    Args:
        discriminator: the one network of the objective that is not frozen.
    """

    symbol, word = "L_adv", "adv"

    def __init__(self, discriminator: MultiScaleDiscriminator):
        super().__init__()
        self.discriminator = discriminator

    @classmethod
    def build(cls, resources: Resources) -> "Adversarial":
        settings = resources.settings.discriminator
        return cls(MultiScaleDiscriminator(settings.width, settings.scales))

    def forward(self, view: View) -> paddle.Tensor:
        with self.discriminator.fixed():
            return adversarial_loss(self.discriminator(view.swap.result))

    def discriminator_loss(self, real: paddle.Tensor, fake: paddle.Tensor) -> paddle.Tensor:
        """The discriminator's own loss on real pictures and the student's results, (N, 3, S, S) in [0, 1] -> scalar.

        Nothing flows back into the student.
        """
        maps = self.discriminator(paddle.concat([real, fake.detach()]))
        return discriminator_loss(*zip(*(one.split([real.shape[0], fake.shape[0]]) for one in maps)))
