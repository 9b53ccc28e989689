"""SqueezeNet's compressed file, made here."""

import numpy as np
import pytest

from paddle_mfs.convert.deep_compression import CODEBOOK, read_compressed
from paddle_mfs.convert.graph import parameters_in_order
from paddle_mfs.utils.errors import UserError

SHAPES = [(4, 3, 3, 3), (5, 4, 1, 1)]


def compress(layers):
    """[(weights, bias)] whose weights take at most 255 values besides zero -> the file's bytes."""
    counts, parts = [], []
    for weights, bias in layers:
        values = np.unique(weights[weights != 0])
        codebook = np.zeros(CODEBOOK, "<f4")
        codebook[1 : 1 + len(values)] = values
        flat, stored = weights.ravel(), [-1]
        for index, value in enumerate(weights.ravel()):
            if value or index - stored[-1] == 16:  # a longer way than four bits can tell: a zero is stored
                stored.append(index)
        steps = np.diff(stored) - 1
        codes = [np.searchsorted(values, flat[i]) + 1 if flat[i] else 0 for i in stored[1:]]
        steps = np.append(steps, [0] * (len(steps) % 2))
        pairs = steps[::2] + 16 * steps[1::2]
        counts.append(len(codes))
        parts += [codebook, bias.astype("<f4"), np.array(codes, "u1"), pairs.astype("u1")]
    return np.array(counts, "<u4").tobytes() + b"".join(part.tobytes() for part in parts)


def sparse_layers(shapes, seed=4):
    """Kernels of 40 values, most of them zero, and biases."""
    rng = np.random.default_rng(seed)
    layers = []
    for shape in shapes:
        values = rng.standard_normal(40) * (4 / np.prod(shape[1:])) ** 0.5
        weights = np.where(rng.uniform(size=shape) < 0.3, rng.choice(values, shape), 0).astype(np.float32)
        layers.append((weights, rng.standard_normal(shape[0]).astype(np.float32)))
    return layers


def test_sparse_kernels_come_back():
    layers = sparse_layers(SHAPES)
    layers[0][0][1:3] = 0  # a long way between two weights
    found = parameters_in_order(read_compressed(compress(layers), SHAPES, "made"))
    for value, right in zip(found, [part for layer in layers for part in layer], strict=True):
        np.testing.assert_array_equal(value, right)


def test_damaged_files_are_refused_in_one_line():
    content = compress(sparse_layers(SHAPES))
    for part in (b"", content[: len(content) - 20], content + b"more"):
        with pytest.raises(UserError, match="made: not the compressed SqueezeNet, or damaged") as caught:
            read_compressed(part, SHAPES, "made")
        assert "\n" not in str(caught.value)
