"""The training objective, the sum of its terms: L_adv + alpha (30 L_rec + 5 L_per) + 3 L_id + 10 L_mask, and ours."""

import contextlib
from collections.abc import Mapping

import paddle
import paddle.nn as nn

from paddle_mfs.losses.pasted import as_pasted
from paddle_mfs.losses.reconstruction import reconstruction_loss
from paddle_mfs.losses.reweight import Reweighting
from paddle_mfs.losses.term import Taught, Term, View
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import Swap


class Objective(nn.Layer):
    """MobileFaceSwap's distillation loss (arXiv 2201.03808): every term by its weight, those that alpha scales sample
    by sample.

    Args:
        embedder: frozen.
        weights: of the terms by name; of one that is missing it is 0.
        terms: losses.create_terms of these weights.
        reweighting: makes alpha.
        pasted: the terms see results as they are pasted (losses.pasted), not as the network gives them.

    After each call `alphas` holds alpha, (N,) float32, of that batch.
    """

    def __init__(
        self,
        embedder: FaceEmbedder,
        weights: Mapping[str, float],
        terms: Mapping[str, Term],
        reweighting: Reweighting,
        pasted: bool = False,
    ):
        super().__init__()
        self.embedder, self.weights, self.reweighting, self.pasted = embedder, weights, reweighting, pasted
        self.terms = nn.LayerDict(dict(terms))

    def shown(self, swap: Swap, targets: paddle.Tensor) -> Swap:
        """The student's Swap of target crops (N, 3, S, S), RGB in [0, 1], as the terms are to see it."""
        return as_pasted(swap, targets) if self.pasted else swap

    def forward(
        self, swap: Swap, batch: Taught, source_embedding: paddle.Tensor, step: int
    ) -> tuple[paddle.Tensor, dict[str, paddle.Tensor]]:
        """swap: of the student, see `shown`; batch: as float tensors; source_embedding (N, width): of each target's
        source.

        Returns: loss (scalar), {name: scalar tensor} to be logged, cut off from the gradient and not read yet;
        (N,)-losses are averaged over the batch. Besides the terms, rec and so on: loss; copy, what L_rec would be for a
        student that copies the target; open, the mask's mean in the face core; alpha; quality, Q of the teacher's
        images.
        """
        view = View(swap, batch, source_embedding, step, self.embedder)
        self.alphas, quality = self.reweighting(view)
        loss, record = paddle.zeros([]), {}
        # Those without a weight last: what they ask of the view with no gradient, the others have asked for with one.
        for name in sorted(self.terms.keys(), key=lambda name: not self.weights.get(name)):
            term, weight = self.terms[name], self.weights.get(name, 0.0)
            if step % term.every:
                continue
            with contextlib.nullcontext() if weight else paddle.no_grad():
                value = term(view)
                if weight:
                    loss = loss + term.every * weight * self._weighed(term, value, batch).mean()
            record[term.word] = value.mean()
        record["copy"] = reconstruction_loss(batch.targets, batch.taught).mean()
        record["open"] = (swap.mask * batch.core).sum() / batch.core.sum().clip(min=1)
        record["alpha"] = self.alphas.mean()
        if quality is not None:
            record["quality"] = quality.mean()
        return loss, {name: value.detach() for name, value in {"loss": loss, **record}.items()}

    def _weighed(self, term, value, batch):
        """A term's value, sample by sample as alpha and its share at reverse pairs have it."""
        if term.by_alpha:
            value = self.alphas * value
        if term.on_reverse != 1:
            value = value * (1 + (term.on_reverse - 1) * (batch.real - batch.same))
        return value
