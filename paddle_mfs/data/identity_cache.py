"""Identity features of the training faces: inputs of the IIN, which never change.

They are computed, not stored with the faces: 50 kB of feature map for a face and as much for its mirror image would
make a set of 20 kB crops six times as large, and reading them would cost about what the few encoder passes of a
batch do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces

KEPT = 20_000  # faces and mirror images: 1 GB


class IdentityCache:
    """What an embedder makes of face `key` = 2 * index + mirrored, on first use; the last ones used are kept.

    Args:
        embedder: models.embedder.FaceEmbedder, or another with `embed(crops)` that returns a tuple of tensors (N, ...).
        faces: data.crops.Crops or data.faces.ShardedFaces, at any size.
    """

    def __init__(self, embedder: Any, faces: Crops | ShardedFaces):
        self.embedder, self.faces = embedder, faces
        self._kept: OrderedDict[int, list[np.ndarray]] = OrderedDict()

    def __call__(self, keys: Sequence[int]) -> tuple[paddle.Tensor, ...]:
        """List of G keys -> a tuple of tensors (G, ...): of a FaceEmbedder, embedding (G, width) of unit length and
        feature (G, feature_width, 7, 7)."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._kept]
        if missing:
            made = self.embedder.embed([self._image(key) for key in missing])
            for key, *parts in zip(missing, *(part.numpy() for part in made)):
                self._kept[key] = [part if part.ndim == 1 else part.astype(np.float16) for part in parts]
        for key in keys:
            self._kept.move_to_end(key)
        columns = zip(*(self._kept[key] for key in keys))
        tensors = tuple(paddle.to_tensor(np.stack(column).astype(np.float32)) for column in columns)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return tensors

    def forget(self) -> None:
        """Drop everything kept."""
        self._kept.clear()

    def _image(self, key):
        image, landmarks = self.faces.face(key // 2)
        return mirrored(image, landmarks)[0] if key % 2 else image
