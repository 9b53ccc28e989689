"""A MobileFaceSwap network as it is measured: two crops in, one out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle

from paddle_mfs.face.light import Light
from paddle_mfs.metrics.crop import MEASURED_SIZE, Crop
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.idn import IDN
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import bundled


class NetworkSwap:
    """Swaps crops with a MobileFaceSwap network; `facts` says which: file, sha256, size, encoder {file, sha256}.

    Args:
        weights: `.pdparams` of the IIN and IDN.
        size: the crop the network is fed.
        encoder: path of the identity encoder the weights were trained with; None: the bundled one.

    Raises UserError for a size the network cannot take, and for weights that do not load or do not match the encoder.
    """

    def __init__(self, weights: str | Path, size: int = MEASURED_SIZE, encoder: str | Path | None = None):
        if size % 32 or not 64 <= size <= 512:
            raise UserError(f"--size {size}: the network takes multiples of 32 from 64 to 512")
        self.size = size
        network = load_encoder(encoder)
        self._embedder = FaceEmbedder(network)
        self._swap = load_mfs(weights)
        self._source: Crop | None = None  # whose identity `_idn` has
        self._idn: IDN | None = None
        check_widths(self._swap, network, weights, encoder)
        encoder = Path(encoder or bundled("mobilefacenet"))
        self.facts: dict[str, Any] = {
            "file": Path(weights).name,
            "sha256": sha256(weights),
            "size": size,
            "encoder": {"file": encoder.name, "sha256": sha256(encoder)},
        }

    def __call__(self, source: Crop, target: Crop) -> np.ndarray:
        """The face swapped, (224, 224, 3) float32 RGB in [0, 1] (resized when the network works at another size)."""
        idn = self._of(source)
        crop = target.at(self.size)
        light = Light.of(crop)
        shown = light.known(crop)
        with paddle.no_grad():
            result = idn(paddle.to_tensor(to_batch(shown)))[0][0].numpy().transpose(1, 2, 0)
        result = light.back(crop, shown, result)
        if self.size == MEASURED_SIZE:
            return np.ascontiguousarray(result)
        return cv2.resize(result, (MEASURED_SIZE,) * 2, interpolation=cv2.INTER_LINEAR)

    def _of(self, source):
        """The IDN of a source; over a clip it stays the same."""
        if self._idn is None or source is not self._source:
            seen = self._embedder.embed(source.at(self._embedder.encoder.input_size)[None])
            self._idn, self._source = self._swap.bake(*seen, self._idn), source
        return self._idn
