"""Identity features of the training faces: inputs of the IIN, which never change.

They are computed, not stored with the faces: 50 kB of feature map for a face and as much for its mirror image would make a set
of 20 kB crops six times as large, and reading them would cost about what the few encoder passes of a batch do.
"""
from collections import OrderedDict

import numpy as np
import paddle

from paddle_mfs.data.pairs import mirrored

KEPT = 20_000       # faces and mirror images: 1 GB


class IdentityCache:
    """Embedding and feature map of face `key` = 2 * index + mirrored, made on first use; the last ones used are kept as float16.

    Args:
        embedder: models.embedder.FaceEmbedder.
        faces: data.crops.Crops or data.faces.ShardedFaces, at any size.
    """

    def __init__(self, embedder, faces):
        self.embedder, self.faces = embedder, faces
        self._kept = OrderedDict()

    def __call__(self, keys):
        """List of keys -> (embedding (G, width) of unit length, feature (G, feature_width, 7, 7))."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._kept]
        if missing:
            embedding, feature = self.embedder.embed([self._image(key) for key in missing])
            for key, z, f in zip(missing, embedding.numpy(), feature.numpy()):
                self._kept[key] = z, f.astype(np.float16)
        for key in keys:
            self._kept.move_to_end(key)
        embeddings, features = zip(*(self._kept[key] for key in keys))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return paddle.to_tensor(np.stack(embeddings)), paddle.to_tensor(np.stack(features).astype(np.float32))

    def forget(self):
        """Drop everything kept."""
        self._kept.clear()

    def _image(self, key):
        image, landmarks = self.faces.face(key // 2)
        return mirrored(image, landmarks)[0] if key % 2 else image
