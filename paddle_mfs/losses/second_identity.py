"""L_id through a second recogniser, ours: what one network is fooled by, another may see.

L_id through a single encoder also finds changes that this encoder alone takes for the source. The trunk of the age network
(models/age.py), which was made from a recogniser, is the second opinion; dlib's network stays out: it measures.
"""

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.ops.resample import area_resize
from paddle_mfs.utils.tensor import to_batch

SIZE = 160  # pixels the network is shown: half of the work of the 224 that ages are read at
STANDARD = 256  # faces by which its features are standardised
FLAT = 0.05  # added to their deviations: a feature that hardly varies must not speak loudest


class SecondIdentityLoss(nn.Layer):
    """1 - cos of the age network's features, standardised, of results and sources.

    Args:
        network: models.age.AgeNet, frozen.
        faces: the training faces (data.crops.Crops or data.faces.ShardedFaces) of at least 160 px.
    forward: results (N, 3, S, S) RGB in [0, 1], N/G consecutive ones of each source; sources, a list of G keys
        (data.identities.IdentityCache) -> (N,), 0 = the same identity.
    """

    def __init__(self, network, faces):
        super().__init__()
        self.network, self._mean, self._scale = network, 0.0, 1.0
        indices = np.unique(np.linspace(0, len(faces) - 1, STANDARD).astype(int))
        with paddle.no_grad():
            features = np.concatenate([self._features(_pixels([faces.face(i)[0]])).numpy() for i in indices])
        self._mean, self._scale = paddle.to_tensor(features.mean(0)), paddle.to_tensor(1 / (features.std(0) + FLAT))
        self._sources = IdentityCache(self, faces)

    def forward(self, result, sources):
        [source] = self._sources(sources)
        return identity_loss(self._embedding(result), source.repeat_interleave(result.shape[0] // len(sources), 0))

    @paddle.no_grad()
    def embed(self, crops):
        """uint8 RGB crops (N, S, S, 3) -> (embedding (N, 1024) of unit length,), as IdentityCache wants it."""
        return (self._embedding(_pixels(crops)),)

    def _embedding(self, image):
        return F.normalize((self._features(image) - self._mean) * self._scale)

    def _features(self, image):
        return self.network.features(area_resize(image, min(SIZE, image.shape[-1])) * 255)


def _pixels(crops):
    return paddle.to_tensor(to_batch(crops))
