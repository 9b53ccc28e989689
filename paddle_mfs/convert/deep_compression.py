"""Reads the numbers of SqueezeNet's compressed file, compressed_SqueezeNet.net.

S. Han et al., "Deep Compression", https://arxiv.org/abs/1510.00149; the file and a reader for Caffe, decode.py, are in
https://github.com/songhan/SqueezeNet-Deep-Compression. It holds no names and no shapes: first how many weights of each
layer are stored (uint32; the others are zero), then layer by layer a codebook of 256 float32, the biases, for each
stored weight its byte in the codebook, and its distance to the one before in four bits, the lower half first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_mfs.convert.graph import Graph, Node
from paddle_mfs.utils.errors import UserError

CODEBOOK = 256
CLASSES = 1000


def _weights(shape: Sequence[int], codebook: np.ndarray, codes: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The kernels, from the codes of those that are not zero and the distances between them, two a byte."""
    steps = np.stack([distances % 16, distances // 16], 1).reshape(-1)[: len(codes)].astype(np.int64)
    every = np.zeros(math.prod(shape), np.uint8)  # code 0 is the number zero
    every[np.cumsum(steps + 1) - 1] = codes
    return codebook[every].reshape(shape)


def read_compressed(content: bytes, shapes: Sequence[Sequence[int]], origin: str | Path) -> Graph:
    """The bytes of the file -> Graph, a chain of convolutions.

    Args:
        content: the bytes.
        shapes: (out, in, k, k) of every layer, in the file's order; the file does not tell them.
        origin: named in errors.
    Raises UserError when the bytes do not fit these shapes.
    """
    at = 0

    def take(kind: str, count: int) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(content, kind, count, at)
        at += values.nbytes
        return values

    nodes: list[Node] = []
    arrays: dict[str, np.ndarray] = {}
    last = "input"
    try:
        for number, (filled, shape) in enumerate(zip(take("<u4", len(shapes)).tolist(), shapes)):
            codebook, bias = take("<f4", CODEBOOK), take("<f4", shape[0])
            names = f"{number} weight", f"{number} bias"
            arrays[names[1]] = bias
            arrays[names[0]] = _weights(shape, codebook, take("u1", filled), take("u1", (filled + 1) // 2))
            nodes.append(Node("Conv", (last, *names), (last := f"{number}",)))
        if at != len(content):
            raise ValueError(f"{len(content) - at} bytes too many")
    except (ValueError, IndexError) as error:
        raise UserError(f"{origin}: not the compressed SqueezeNet, or damaged ({error}); fetch it again") from None
    return Graph(nodes, [last], arrays, origin)
