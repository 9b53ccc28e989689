"""The judges of identity: descriptors of faces by the recogniser that a config names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from paddle_mfs.face.align import TEMPLATE_112, align
from paddle_mfs.face.geometry import similarity, warp
from paddle_mfs.metrics import identity
from paddle_mfs.models import cosface, create_model
from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
from paddle_mfs.runtime.onnx_file import open_onnx
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import bundled

SIDE = 112  # of what an .onnx recogniser is shown
BATCH = 16


class Judge:
    """Descriptors of aligned faces. `facts` says whose; they are in every report.

    Args:
        name: dlib_resnet (bundled; no training has seen it), cosface20 (a converted CosFace), encoder (a .pdparams of
            ArcFace's or MobileFaceNet's kind, at 112 px) or onnx (an .onnx file, (1, 3, 112, 112) RGB in [-1, 1] ->
            (1, D)).
        weights: a path; None for dlib_resnet.
        mirror: the descriptor of the mirrored face is joined to that of the face.
        threads: of onnxruntime; None: one a core.

    Raises UserError for an unknown name, and for weights that are missing or do not load.
    """

    def __init__(
        self,
        name: str = "dlib_resnet",
        weights: str | Path | None = None,
        mirror: bool = False,
        threads: int | None = None,
    ):
        if name not in NAMES:
            raise UserError(f"recogniser.name: {name}: no such recogniser; known: {', '.join(NAMES)}")
        if name != "dlib_resnet" and not weights:
            raise UserError(f"recogniser.weights: the recogniser {name} needs the path of its weights; give it")
        self.mirror = mirror
        self.threshold = identity.SAME_PERSON_DISTANCE if name == "dlib_resnet" else None
        self._cut, self._describe = _dlib() if name == "dlib_resnet" else OF_USERS[name](weights, threads)
        path = Path(weights) if name != "dlib_resnet" and weights else bundled("dlib_resnet")
        self.facts: dict[str, Any] = {"name": name, "file": path.name, "sha256": sha256(path), "mirror_joined": mirror}
        if self.threshold is not None:
            self.facts["same_person_below"] = self.threshold

    def chip(self, image: np.ndarray, five: np.ndarray) -> np.ndarray:
        """What the recogniser is shown of a picture (H, W, 3) uint8 RGB: its face, aligned by five points (5, 2)."""
        return self._cut(image, five)

    def descriptors(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        """N chips -> (N, D) float32, compared by Euclidean distance: dlib's as they are, others' of unit length, of
        which the nearest is the one of the largest cosine."""
        rows = self._described(chips)
        if self.mirror:
            rows = np.concatenate([rows, self._described([np.ascontiguousarray(chip[:, ::-1]) for chip in chips])], 1)
        return rows if self.threshold is not None else rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def distance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Euclidean distance, row by row; of dlib's joined descriptors the root mean square of both halves'."""
        return identity.distance(a, b) / np.sqrt(2 if self.mirror and self.threshold is not None else 1)

    def _described(self, chips):
        return np.concatenate([self._describe(to_batch(chips[at : at + BATCH])) for at in range(0, len(chips), BATCH)])


Cut = Callable[[np.ndarray, np.ndarray], np.ndarray]
Describe = Callable[[np.ndarray], np.ndarray]


def _dlib() -> tuple[Cut, Describe]:
    return identity.chip, identity.Recogniser().describe


def _cosface(path, threads) -> tuple[Cut, Describe]:
    import paddle

    network = create_model("cosface20", weights=path)
    points = TEMPLATE_112 - np.array([(SIDE - cosface.WIDTH) / 2, 0], np.float32)

    def cut(image, five):
        matrix = similarity(np.asarray(five, np.float32), points)
        return warp(image, matrix, (cosface.WIDTH, cosface.HEIGHT), border=cv2.BORDER_REPLICATE)

    def describe(batch):
        with paddle.no_grad():
            return network(paddle.to_tensor(batch * 2 - 1)).numpy()

    return cut, describe


def _encoder(path, threads) -> tuple[Cut, Describe]:
    import paddle

    embedder = FaceEmbedder(load_encoder(path))

    def describe(batch):
        with paddle.no_grad():
            return embedder(paddle.to_tensor(batch))[0].numpy()

    return lambda image, five: align(image, five, embedder.encoder.input_size)[0], describe


def _onnx(path, threads) -> tuple[Cut, Describe]:
    session = open_onnx(path, "recogniser.weights", threads=threads)
    name = session.get_inputs()[0].name

    def describe(batch):
        return np.concatenate([session.run(None, {name: one[None] * 2 - 1})[0].reshape(1, -1) for one in batch])

    return lambda image, five: align(image, five, SIDE)[0], describe


OF_USERS = {"cosface20": _cosface, "encoder": _encoder, "onnx": _onnx}
NAMES = ("dlib_resnet", *OF_USERS)
