"""The discriminator's part of a training run: its optimiser, its head start, its place in checkpoints."""

from typing import Any

import paddle

from paddle_mfs.engine import distributed
from paddle_mfs.engine.checkpoint import named_optimizer_state, restore_optimizer
from paddle_mfs.losses.adversarial import Adversarial
from paddle_mfs.utils.config import Config


class Adversary:
    """Trains the discriminator of L_adv.

    Args:
        term: of the objective.
        settings: `loss.discriminator` of the config.
    """

    def __init__(self, term: Adversarial, settings: Config):
        self.term, self.warmup, self.discriminator = term, settings.warmup, term.discriminator
        self.optimizer = paddle.optimizer.Adam(
            settings.lr, beta1=0.0, beta2=0.99, parameters=self.discriminator.parameters()
        )

    def gather(self, real: paddle.Tensor, fake: paddle.Tensor, share: float = 1.0) -> paddle.Tensor:
        """Add the gradient of `share` times its loss on real pictures and results, (N, 3, S, S) in [0, 1] -> the loss,
        a scalar."""
        loss = self.term.discriminator_loss(real, fake)
        (share * loss).backward()
        return loss.detach()

    def step(self) -> None:
        """Follow the gradient gathered, averaged over processes."""
        distributed.average([p.grad for p in self.discriminator.parameters() if p.grad is not None])
        self.optimizer.step()
        self.optimizer.clear_grad()

    def states(self) -> dict[str, dict[str, Any]]:
        """Its state dicts for a checkpoint, by name."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "discriminator_optimizer": named_optimizer_state(self.optimizer, self.discriminator),
        }

    def restore(self, states: dict[str, dict[str, Any]]) -> None:
        """Take its part of a checkpoint's states; a run that had no discriminator so far starts with a fresh one."""
        if "discriminator" in states:
            self.discriminator.set_state_dict(states["discriminator"])
            restore_optimizer(self.optimizer, self.discriminator, states["discriminator_optimizer"])
