"""What every term of the objective is, and what it sees of a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import paddle
import paddle.nn as nn

from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import Swap
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.registry import Registry

LOSSES = Registry("loss term")


class Taught(Protocol):
    """What a batch tells of its N targets; data.pairs.Batch, as float tensors, is one.

    sources: (G,) keys of the source faces, N/G consecutive targets each; targets, taught: (N, 3, S, S) RGB in [0, 1];
    background, core: (N, 1, S, S) 0/1; same: (N,) 0/1, the target shows the source's identity; real:
    (N,) 0/1, taught is a real picture: of a target of the source's identity, or of a reverse pair (data.pairs).
    """

    @property
    def sources(self) -> Any: ...
    @property
    def targets(self) -> Any: ...
    @property
    def taught(self) -> Any: ...
    @property
    def background(self) -> Any: ...
    @property
    def core(self) -> Any: ...
    @property
    def same(self) -> Any: ...
    @property
    def real(self) -> Any: ...


def real_pictures(batch: Taught) -> paddle.Tensor:
    """(N, 3, S, S): the targets, which are real pictures, but for reverse pairs, whose targets a teacher painted, what
    is taught."""
    return paddle.where(batch.real.reshape([-1, 1, 1, 1]) > 0, batch.taught, batch.targets)


@dataclass
class View:
    """One training step as its terms see it.

    swap: what the student made; batch: see Taught; source_embedding (N, width): of each target's source, unit length;
    step: number of the optimiser's step; embedder: frozen.
    """

    swap: Swap
    batch: Taught
    source_embedding: paddle.Tensor
    step: int
    embedder: FaceEmbedder

    @cached_property
    def embedding(self) -> paddle.Tensor:
        """Unit embeddings (N, width) of the results, worked out when the first term asks."""
        return self.embedder(self.swap.result)[0]


# Embeddings of training faces by their keys, as data.identity_cache.IdentityCache gives them: a list of G keys ->
# tensors (G, ...).
Sources = Callable[[list[int]], tuple[paddle.Tensor, ...]]


@dataclass
class Resources:
    """What terms may be built from.

    settings: the `loss` section of a config; faces: called with a number, gives as many crops (S, S, 3) uint8 RGB
    spread over the training faces; sources: what a recogniser, an object with `embed(crops)`, makes of training faces.
    """

    settings: Config
    faces: Callable[[int], Iterable[Any]]
    sources: Callable[[Any], Sources]


class Term(nn.Layer):
    """One term of the objective, registered in LOSSES by the key of its weight in `loss.weights`.

    To add one: a file in this folder with a registered sub-class, and its weight in configs/distill.yml.

    symbol: as the paper writes it. word: by which it is logged. by_alpha: whether alpha scales it, sample by sample.
    is_watched: logged at weight 0 too, which a term may ask for that needs no network of its own.
    every: it is computed on every k-th step, at k times its weight. on_reverse: share of its weight at reverse pairs.
    """

    symbol: str
    word: str
    by_alpha = False
    is_watched = False
    every = 1
    on_reverse = 1.0

    @classmethod
    def build(cls, resources: Resources) -> Term:
        """The term with the networks it needs, frozen. Raises UserError when one of them cannot be had."""
        return cls()

    def forward(self, view: View) -> paddle.Tensor:
        """View -> (N,), a loss of each sample, or a scalar; low is good."""
        raise NotImplementedError
