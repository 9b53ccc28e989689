"""L_id of the paper's objective: 1 - cos(z(I_g), z(I_s))."""

import paddle

from paddle_mfs.losses.term import LOSSES, Term, View


def identity_loss(embedding: paddle.Tensor, source_embedding: paddle.Tensor) -> paddle.Tensor:
    """Unit embeddings (N, width) of student image and source -> (N,), 0 = the same identity."""
    return 1 - (embedding * source_embedding).sum(1)


@LOSSES.register("identity")
class Identity(Term):
    """L_id through the encoder that the weights are predicted from."""

    symbol, word, is_watched = "L_id", "id", True

    def forward(self, view: View) -> paddle.Tensor:
        return identity_loss(view.embedding, view.source_embedding)
