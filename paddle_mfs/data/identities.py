"""Identity features of the training faces, computed once: they are inputs of the IIN and never change."""
import numpy as np
import paddle

from paddle_mfs.data.pairs import mirrored


class IdentityCache:
    """Embedding and feature map of face `key` = 2 * index + mirrored, made on first use and kept as float16 (50 kB a face).

    Args:
        embedder: models.embedder.FaceEmbedder.
        crops: data.crops.Crops, at any size.
    """

    def __init__(self, embedder, crops):
        self.embedder, self.crops = embedder, crops
        self._kept = {}

    def __call__(self, keys):
        """List of keys -> (embedding (G, width) of unit length, feature (G, feature_width, 7, 7))."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._kept]
        if missing:
            embedding, feature = self.embedder.embed([self._image(key) for key in missing])
            for key, z, f in zip(missing, embedding.numpy(), feature.numpy()):
                self._kept[key] = z, f.astype(np.float16)
        embeddings, features = zip(*(self._kept[key] for key in keys))
        return paddle.to_tensor(np.stack(embeddings)), paddle.to_tensor(np.stack(features).astype(np.float32))

    def forget(self):
        """Drop everything kept."""
        self._kept.clear()

    def _image(self, key):
        image = self.crops.images[key // 2]
        return mirrored(image, self.crops.landmarks[key // 2])[0] if key % 2 else image
