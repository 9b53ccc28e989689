"""L_rec of the painted image before fusion, ours, a guard.

Early on the painted image is worse than the target, so shutting the mask lowers L_rec and then nothing teaches the
image any more. This term teaches it whatever the mask does.
"""

import paddle

from paddle_mfs.losses.term import LOSSES, Term, View


def unmasked_reconstruction_loss(
    image: paddle.Tensor, taught: paddle.Tensor, background: paddle.Tensor
) -> paddle.Tensor:
    """Mean absolute difference of each sample, (N, 3, H, W) in [0, 1], background (N, 1, H, W) 0/1 left out -> (N,)."""
    return ((image - taught).abs() * (1 - background)).flatten(1).mean(1)


@LOSSES.register("unmasked")
class Unmasked(Term):
    """L_rec of the painted image. It pulls that image to the teacher's, so it does not go with a mask that stays half
    open."""

    symbol, word, by_alpha, is_watched = "L_raw", "raw", True, True

    def forward(self, view: View) -> paddle.Tensor:
        return unmasked_reconstruction_loss(view.swap.image, view.batch.taught, view.batch.background)
