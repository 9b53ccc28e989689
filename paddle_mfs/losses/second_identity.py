"""L_id through a second recogniser, ours: what one network is fooled by, another may see.

L_id through a single encoder also finds changes that this encoder alone takes for the source. The trunk of the age
network (models/age.py), which was made from a recogniser, is the second opinion; dlib's network stays out: it measures.
"""

from collections.abc import Iterable

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.term import LOSSES, Resources, Sources, Term, View
from paddle_mfs.models import create_model
from paddle_mfs.ops.resample import area_resize
from paddle_mfs.utils.tensor import to_batch

SIZE = 160  # pixels the network is shown: half of the work of the 224 that ages are read at
STANDARD = 256  # faces by which its features are standardised
FLAT = 0.05  # added to their deviations: a feature that hardly varies must not speak loudest


class SecondRecogniser(nn.Layer):
    """The age network's features, standardised.

    Args:
        network: models.age.AgeNet, frozen.
        crops: some aligned faces, (S, S, 3) uint8 RGB of at least 160 px: their features get mean 0 and deviation 1.
    forward: (N, 3, S, S) RGB in [0, 1] -> embedding (N, 1024) of unit length.
    """

    def __init__(self, network: nn.Layer, crops: Iterable[np.ndarray]):
        super().__init__()
        self.network = network
        with paddle.no_grad():
            features = np.concatenate([self._features(_pixels(crop)).numpy() for crop in crops])
        self._mean, self._scale = paddle.to_tensor(features.mean(0)), paddle.to_tensor(1 / (features.std(0) + FLAT))

    def forward(self, image: paddle.Tensor) -> paddle.Tensor:
        return F.normalize((self._features(image) - self._mean) * self._scale)

    @paddle.no_grad()
    def embed(self, crops: np.ndarray | list[np.ndarray]) -> tuple[paddle.Tensor]:
        """uint8 RGB crops (N, S, S, 3) -> (embedding (N, 1024) of unit length,)."""
        return (self(_pixels(crops)),)

    def _features(self, image):
        return self.network.features(area_resize(image, min(SIZE, image.shape[-1])) * 255)


@LOSSES.register("second_identity")
class SecondIdentity(Term):
    """1 - cos of the second recogniser's embeddings of results and sources.

    Args:
        recogniser: SecondRecogniser.
        sources: its embeddings of training faces, by their keys.
        on_reverse: see identity.Identity.
    """

    symbol, word = "L_id2", "id2"

    def __init__(self, recogniser: SecondRecogniser, sources: Sources, on_reverse: float = 1.0):
        super().__init__()
        self.recogniser, self._sources, self.on_reverse = recogniser, sources, on_reverse

    @classmethod
    def build(cls, resources: Resources) -> "SecondIdentity":
        recogniser = SecondRecogniser(create_model("age", weights="bundled"), resources.faces(STANDARD))
        return cls(recogniser, resources.sources(recogniser), resources.settings.identity_on_reverse)

    def forward(self, view: View) -> paddle.Tensor:
        return self.distance(view.swap.result, view.batch.sources.tolist())

    def distance(self, result: paddle.Tensor, sources: list[int]) -> paddle.Tensor:
        """Results (N, 3, S, S) RGB in [0, 1], N/G consecutive ones of each source; G keys -> (N,), 0 = the same
        identity."""
        [source] = self._sources(sources)
        return identity_loss(self.recogniser(result), source.repeat_interleave(result.shape[0] // len(sources), 0))


def _pixels(crops):
    return paddle.to_tensor(to_batch(crops))
