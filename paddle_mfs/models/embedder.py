"""The identity encoder of a weights file, and its use on aligned crops of any size."""
import functools
import math

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.errors import UserError
from paddle_mfs.models import create_model
from paddle_mfs.models.layers import Resampling
from paddle_mfs.weights import load_state


def area_matrix(size, smaller):
    """(smaller, size) float32: one dimension of area resampling. A @ x @ A.T resizes, and its backward is two products."""
    matrix = np.zeros((smaller, size), np.float32)
    scale = size / smaller
    for row in range(smaller):
        start, stop = row * scale, (row + 1) * scale
        for column in range(int(start), min(size, math.ceil(stop - 1e-9))):
            matrix[row, column] = (min(stop, column + 1) - max(start, column)) / scale
    return matrix


@functools.lru_cache(maxsize=None)
def _area_resampling(size, smaller):
    return Resampling(*[area_matrix(size, smaller)] * 2)


def area_resize(image, smaller):
    """(N, C, S, S) -> (N, C, smaller, smaller) by area resampling, by products with its matrix; its backward is fast as well."""
    size = image.shape[-1]
    return image if size == smaller else _area_resampling(size, smaller)(image)


class FaceEmbedder(nn.Layer):
    """Identity embedding and feature map of aligned crops.

    Args:
        encoder: models.mobilefacenet.MobileFaceNet or models.arcface.IRSEResNet, frozen.
    forward: (N, 3, S, S) RGB in [0, 1], S >= 112 -> (embedding (N, width) of unit length, feature (N, feature_width, 7, 7)).
    """

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self._mean = paddle.to_tensor(encoder.mean, "float32").reshape([1, 3, 1, 1])
        self._std = paddle.to_tensor(encoder.std, "float32").reshape([1, 3, 1, 1])

    def forward(self, image):
        image = area_resize(image, self.encoder.input_size)
        embedding, feature = self.encoder((image - self._mean) / self._std)
        return F.normalize(embedding), feature

    @paddle.no_grad()
    def embed(self, crops):
        """uint8 RGB crops (N, S, S, 3) -> (embedding, feature), see forward."""
        pixels = np.ascontiguousarray(np.asarray(crops).transpose(0, 3, 1, 2), np.float32) / 255
        return self(paddle.to_tensor(pixels))


def load_encoder(path=None):
    """The identity encoder of a weights file, frozen: the bundled MobileFaceNet for None, else the kind the file's names show.

    Raises UserError when the file is missing, truncated, or of no known encoder.
    """
    if path is None:
        return create_model("mobilefacenet", weights="bundled")
    names = load_state(path).keys()
    kind = "arcface" if any(name.startswith("layer4.") for name in names) else "mobilefacenet"
    if kind == "mobilefacenet" and not any(name.startswith("global_depthwise.") for name in names):
        raise UserError(f"{path}: not an identity encoder of a known kind; "
                        "give the public arcface.pdparams or mobilefacenet.pdparams")
    return create_model(kind, weights=path)


def check_widths(net, encoder, weights, encoder_path):
    """Raise UserError when the encoder does not make what the swap weights want."""
    want = (net.embedding_width, net.feature_width)
    have = (encoder.embedding_width, encoder.feature_width)
    if (net.modulation and want[0] != have[0]) or (net.prediction and want[1] != have[1]):      # what is ablated takes any
        remedy = ("give the encoder they were trained with (--encoder PATH; the public weights want arcface.pdparams)"
                  if encoder_path is None else "these two do not belong together")
        raise UserError(f"{weights or 'the bundled weights'}: want an identity encoder of widths {want[0]} (embedding) and "
                        f"{want[1]} (feature), {encoder_path or 'the bundled encoder'} has {have[0]} and {have[1]}; {remedy}")
