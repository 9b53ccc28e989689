"""L_id of the paper's objective: 1 - cos(z(I_g), z(I_s))."""

from __future__ import annotations

import paddle

from paddle_mfs.losses.term import LOSSES, Resources, Term, View


def identity_loss(embedding: paddle.Tensor, source_embedding: paddle.Tensor) -> paddle.Tensor:
    """Unit embeddings (N, width) of student image and source -> (N,), 0 = the same identity."""
    return 1 - (embedding * source_embedding).sum(1)


@LOSSES.register("identity")
class Identity(Term):
    """L_id through the encoder that the weights are predicted from.

    Args:
        on_reverse: share of its weight at reverse pairs. Their truth is the person already, and no nearer to the source
            than two photos of a person are: L_id would pull beyond it.
    """

    symbol, word, is_watched = "L_id", "id", True

    def __init__(self, on_reverse: float = 1.0):
        super().__init__()
        self.on_reverse = on_reverse

    @classmethod
    def build(cls, resources: Resources) -> Identity:
        return cls(resources.settings.identity_on_reverse)

    def forward(self, view: View) -> paddle.Tensor:
        return identity_loss(view.embedding, view.source_embedding)
