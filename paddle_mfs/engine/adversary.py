"""The discriminator's part of a training run: its optimiser, its head start, its place in checkpoints."""

import paddle

from paddle_mfs.engine import distributed
from paddle_mfs.engine.checkpoint import named_optimizer_state, restore_optimizer


class Adversary:
    """Trains the discriminator of an objective.

    Args:
        objective: engine.objective.Objective with a discriminator.
        settings: `loss.discriminator` of the config.
    """

    def __init__(self, objective, settings):
        self.objective, self.warmup = objective, settings.warmup
        self.discriminator = objective.discriminator
        self.optimizer = paddle.optimizer.Adam(
            settings.lr, beta1=0.0, beta2=0.99, parameters=self.discriminator.parameters()
        )

    def gather(self, real, fake, share=1.0):
        """Add the gradient of `share` times its loss on target crops and results, (N, 3, S, S) in [0, 1] -> the loss, a float."""
        loss = self.objective.discriminator_loss(real, fake)
        (share * loss).backward()
        return float(loss)

    def step(self):
        """Follow the gradient gathered, averaged over processes."""
        distributed.average([p.grad for p in self.discriminator.parameters() if p.grad is not None])
        self.optimizer.step()
        self.optimizer.clear_grad()

    def states(self):
        """Its state dicts for a checkpoint, by name."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "discriminator_optimizer": named_optimizer_state(self.optimizer, self.discriminator),
        }

    def restore(self, states):
        """Take its part of a checkpoint's states; a run that had no discriminator so far starts with a fresh one."""
        if "discriminator" in states:
            self.discriminator.set_state_dict(states["discriminator"])
            restore_optimizer(self.optimizer, self.discriminator, states["discriminator_optimizer"])
