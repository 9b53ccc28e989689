"""Features of pictures for FID and KID, by the Inception network of `models/inception.py`, and their cache."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from paddle_mfs.models.inception import FEATURES, Inception
from paddle_mfs.runtime import make_runner
from paddle_mfs.utils.cores import cores
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, sha256
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import load_into


def _bilinear(image, size):
    """Without antialiasing, as pytorch-fid and the first FIDs: torch's interpolate(align_corners=False)."""
    return cv2.resize(image.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)


def _antialias(image, size):
    """Pillow's bicubic in floating point, which antialiases: what clean-fid recommends,
    https://arxiv.org/abs/2104.11222."""
    channels = [Image.fromarray(image[..., channel].astype(np.float32)) for channel in range(3)]
    return np.stack([np.asarray(one.resize((size, size), Image.Resampling.BICUBIC)) for one in channels], -1)


RESIZES = {"antialias": _antialias, "bilinear": _bilinear}


class Features:
    """Callable: pictures -> features. `facts` says by which network and resizing; they are in every report.

    Args:
        weights: `.pdparams` that tools/convert_weights.py inception wrote.
        resize: a key of `RESIZES`.
        of: "crops" of 224 px or whole "pictures". against: "targets", or "originals": sources and targets.
        cache: folder of features that were computed before; none: they are not kept.
        threads: that the network may compute with; none: one a core. The features are the same.

    Raises UserError for weights that do not load.
    """

    def __init__(
        self,
        weights: str | Path,
        resize: str = "antialias",
        of: str = "crops",
        against: str = "targets",
        cache: str | Path | None = None,
        threads: int | None = None,
    ):
        self._run = make_runner(load_into(Inception(), weights), threads=threads or cores())
        self._resize, self._cache = RESIZES[resize], Path(cache) if cache else None
        self.of, self.against = of, against
        self.facts: dict[str, Any] = {
            "network": "Inception v3 of 2015-12-05, 2048 features",
            "of": of,
            "against": against,
            "sha256": sha256(weights),
            "resize": f"{resize} to {Inception.input_size}",
        }

    def see(self, crop: np.ndarray, picture: np.ndarray) -> np.ndarray:
        """Features of a face's crop or of its whole picture, as `of` says, each (H, W, 3) uint8 RGB -> (1, 2048)."""
        return self([crop if self.of == "crops" else picture])

    def __call__(self, images: list[np.ndarray]) -> np.ndarray:
        """Pictures (H, W, 3) uint8 RGB of any size -> (N, 2048) float32."""
        shown = [self._resize(image, Inception.input_size) for image in images]
        rows = [self._run(to_batch(image[None]))[0] for image in shown]
        return np.concatenate(rows) if rows else np.zeros((0, FEATURES), np.float32)

    def key(self, pictures: str) -> str:
        """Name under which the features of a set are kept. pictures: a hash of the set."""
        told = "\n".join([pictures, *map(str, self.facts.values())])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def cached(self, key: str) -> np.ndarray | None:
        """The features kept under a key; None where there are none. Raises UserError for a damaged file."""
        path = None if self._cache is None else self._cache / f"{key}.npy"
        if path is None or not path.is_file():
            return None
        try:
            return np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise UserError(f"{path}: a damaged cache of features; delete it") from None

    def keep(self, key: str, features: np.ndarray) -> None:
        """Keep features, (N, 2048), under a key."""
        if self._cache is not None:
            with atomic_path(self._cache / f"{key}.npy") as temporary, open(temporary, "wb") as file:
                np.save(file, features)
