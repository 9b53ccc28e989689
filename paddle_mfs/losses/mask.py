"""L_mask of the paper's objective: |M_t[bg] - M_g[bg]|, the background must not be repainted.

Ours, a guard: the core of the face is pulled open as well, while the rim between the two stays free. With the
background alone supervised, the mask shuts everywhere and the student copies the target.

How far the core opens is a choice. At 1 all that is seen there was painted, no finer than the network can paint. At 0.5
half of the target's finest texture stays in the result, and the painted image makes up for the rest of the target that
stays with it.
"""

import paddle

from paddle_mfs.losses.term import LOSSES, Resources, Term, View


def mask_loss(
    mask: paddle.Tensor, background: paddle.Tensor, core: paddle.Tensor, opening: float = 1.0
) -> paddle.Tensor:
    """mask (N, 1, H, W) in (0, 1), background and core (N, 1, H, W) 0/1 -> scalar. opening: wanted in the core."""
    return (mask * background).mean() + ((opening - mask).abs() * core).mean()


@LOSSES.register("mask")
class Mask(Term):
    """L_mask.

    Args:
        opening: the mask wanted in the core of the face, `loss.opening`.
    """

    symbol, word, is_watched = "L_mask", "mask", True

    def __init__(self, opening: float = 1.0):
        super().__init__()
        self.opening = opening

    @classmethod
    def build(cls, resources: Resources) -> "Mask":
        return cls(resources.settings.opening)

    def forward(self, view: View) -> paddle.Tensor:
        return mask_loss(view.swap.mask, view.batch.background, view.batch.core, self.opening)
