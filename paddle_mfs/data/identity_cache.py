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
from paddle_mfs.data.layer import lay
from paddle_mfs.data.spectacles import draw_spectacles

KEPT = 20_000  # faces and mirror images: 1 GB


def worn(key: int, count: int) -> int:
    """The key of face `key`, of `count` faces, in drawn spectacles, each face in its own."""
    return key + 2 * count


class IdentityCache:
    """What an embedder makes of face `key` = 2 * index + mirrored, on first use; the last ones used are kept.

    Keys beyond those of the faces: see `worn`.

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
        in_spectacles, plain = divmod(key, 2 * len(self.faces))
        image, landmarks = self.faces.face(plain // 2)
        if plain % 2:
            image, landmarks = mirrored(image, landmarks)
        if in_spectacles:
            image = lay(image, draw_spectacles(landmarks, image.shape[0], np.random.default_rng(plain)))
        return image
