"""Loss reweighting of the paper: alpha = cos(z(I'_g), z(I_s))^2 * Q(I'_g), per sample, no gradient.

A teacher image that missed the source's identity, or that a learned judge of its quality (models/quality.py) finds
poor, teaches less.
"""

from __future__ import annotations

import paddle
import paddle.nn as nn

from paddle_mfs.losses.term import View
from paddle_mfs.models.quality import QualityNet

KINDS = "cos*q", "cos", "q", "none"  # the paper's, and its ablations


@paddle.no_grad()
def alpha(
    taught_embedding: paddle.Tensor,
    source_embedding: paddle.Tensor,
    quality: paddle.Tensor | float = 1.0,
    kind: str = "cos*q",
) -> paddle.Tensor:
    """Unit embeddings (N, width) of teacher image and source, quality (N,) in [0, 1] or 1 for all -> weight (N,) in [0,
    1], made of what `kind` (of KINDS) names."""
    cosine = (taught_embedding * source_embedding).sum(1).clip(0, 1)
    weight = cosine * cosine if "cos" in kind else paddle.ones_like(cosine)
    return weight * quality if "q" in kind else weight


class Reweighting(nn.Layer):
    """alpha of each sample of a step.

    Args:
        kind: how alpha is made, of KINDS.
        quality: Q, frozen, or None: 1.
        distillation: False ablates the teacher: alpha is 0 but where a real picture should come out, that is where the
            target shows the source's identity, and at reverse pairs.
        trusts_real: alpha is 1 where a real picture should come out. That is so in runs with reverse pairs
            (data.reverse above 0), at targets of the source's own identity too: alpha is how far a *teacher* is to be
            trusted. Without reverse pairs those targets get the cosine of source and photo and Q of it like any other,
            as the paper's formula says and the runs without them were made.
    forward: View -> (alpha (N,), Q of each teacher image (N,), or None without Q).
    """

    def __init__(
        self,
        kind: str = "cos*q",
        quality: QualityNet | None = None,
        distillation: bool = True,
        trusts_real: bool = False,
    ):
        super().__init__()
        self.kind, self.quality, self.distillation, self.trusts_real = kind, quality, distillation, trusts_real

    @paddle.no_grad()
    def forward(self, view: View) -> tuple[paddle.Tensor, paddle.Tensor | None]:
        taught_embedding, _ = view.embedder(view.batch.taught)
        quality = self.quality(view.batch.taught) if self.quality is not None else None
        weight = alpha(taught_embedding, view.source_embedding, 1.0 if quality is None else quality, self.kind)
        if self.trusts_real:
            weight = paddle.where(view.batch.real > 0, paddle.ones_like(weight), weight)
        return weight if self.distillation else weight * view.batch.real, quality
