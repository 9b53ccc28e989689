"""L_texture, ours: the student's image has as much fine detail as the teacher's, place by place.

L_rec alone makes a small network paint what is certain and blur the rest. This term compares how strong the detail is,
not where each line of it lies, as a loss on the variance of gradients does (A. Abrahamyan et al., "Gradient Variance
Loss for Structure-Enhanced Image Super-Resolution", https://arxiv.org/abs/2202.00997); the detail here is the Laplacian
that sharpness is measured with (metrics/sharpness.py).
"""

import paddle
import paddle.nn.functional as F

from paddle_mfs.losses.term import LOSSES, Term, View

WINDOW, STRIDE = 8, 4  # pixels
EPSILON = 1e-5  # of a squared Laplacian in [0, 1]: keeps the root's slope finite
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def detail(image: paddle.Tensor) -> paddle.Tensor:
    """(N, 3, H, W) RGB in [0, 1] -> (N, 1, h, w): root mean square of the grey image's 3x3 Laplacian in each window."""
    grey = (image * paddle.to_tensor(LUMA, "float32").reshape([1, 3, 1, 1])).sum(1, keepdim=True)
    inner = grey[:, :, 1:-1, 1:-1]
    laplacian = grey[:, :, :-2, 1:-1] + grey[:, :, 2:, 1:-1] + grey[:, :, 1:-1, :-2] + grey[:, :, 1:-1, 2:] - 4 * inner
    return paddle.sqrt(F.avg_pool2d(laplacian * laplacian, WINDOW, STRIDE) + EPSILON)


def texture_loss(image: paddle.Tensor, taught: paddle.Tensor) -> paddle.Tensor:
    """(N, 3, H, W) RGB in [0, 1], twice; nothing flows into `taught` -> (N,)."""
    return (detail(image) - detail(taught).detach()).abs().flatten(1).mean(1)


@LOSSES.register("texture")
class Texture(Term):
    """L_texture of the result."""

    symbol, word = "L_texture", "texture"

    def forward(self, view: View) -> paddle.Tensor:
        return texture_loss(view.swap.result, view.batch.taught)
