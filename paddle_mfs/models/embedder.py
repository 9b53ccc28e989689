"""The identity encoder of a weights file, and its use on aligned crops of any size."""

from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models import create_model
from paddle_mfs.models.iin import IIN
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.ops.resample import area_resize
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import load_state, set_state

# Cosine of two embeddings of the bundled encoder above which they are one person. In tests/fixtures/identities the
# same person, straight on and turned, has 0.75 or more and different people 0.37 or less (tests/swap/test_roles.py).
SAME_PERSON_COSINE = 0.55


class FaceEmbedder(nn.Layer):
    """Identity embedding and feature map of aligned crops.

    Args:
        encoder: models.mobilefacenet.MobileFaceNet or models.arcface.IRSEResNet, frozen.
    forward: (N, 3, S, S) RGB in [0, 1], S >= 112 ->
        (embedding (N, width) of unit length, feature (N, feature_width, 7, 7)).
    """

    def __init__(self, encoder: nn.Layer):
        super().__init__()
        self.encoder = encoder
        self._mean = paddle.to_tensor(encoder.mean, "float32").reshape([1, 3, 1, 1])
        self._std = paddle.to_tensor(encoder.std, "float32").reshape([1, 3, 1, 1])

    def forward(self, image: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        image = area_resize(image, self.encoder.input_size)
        embedding, feature = self.encoder((image - self._mean) / self._std)
        return F.normalize(embedding), feature

    @paddle.no_grad()
    def embed(self, crops: np.ndarray) -> tuple[paddle.Tensor, paddle.Tensor]:
        """uint8 RGB crops (N, S, S, 3) -> (embedding, feature), see forward."""
        return self(paddle.to_tensor(to_batch(crops)))


def load_encoder(path: str | Path | None = None) -> nn.Layer:
    """The identity encoder of a weights file, frozen; its kind is read off the file. None: the bundled MobileFaceNet.

    Raises UserError when the file is missing, truncated, or of no known encoder.
    """
    if path is None:
        return create_model("mobilefacenet", weights="bundled")
    state = load_state(path)
    kind = "arcface" if any(name.startswith("layer4.") for name in state) else "mobilefacenet"
    if kind == "mobilefacenet" and not any(name.startswith("global_depthwise.") for name in state):
        raise UserError(
            f"{path}: not an identity encoder of a known kind; "
            "give the public arcface.pdparams or mobilefacenet.pdparams"
        )
    return freeze(set_state(create_model(kind), state, path))


def check_widths(net: IIN, encoder: nn.Layer, weights: str | Path | None, encoder_path: str | Path | None) -> None:
    """Raise UserError when the encoder does not make what the swap weights want."""
    want = (net.embedding_width, net.feature_width)
    have = (encoder.embedding_width, encoder.feature_width)
    if (net.modulation and want[0] != have[0]) or (net.prediction and want[1] != have[1]):  # what is ablated takes any
        remedy = (
            "give the encoder they were trained with (--encoder PATH; the public weights want arcface.pdparams)"
            if encoder_path is None
            else "these two do not belong together"
        )
        raise UserError(
            f"{weights or 'the bundled weights'}: want an identity encoder of widths {want[0]} (embedding) and "
            f"{want[1]} (feature), {encoder_path or 'the bundled encoder'} has {have[0]} and {have[1]}; {remedy}"
        )
