"""Reads the numbers of a network that dlib saved (.dat).

dlib writes its layers one after the other, the input first (http://dlib.net/dlib/dnn/layers.h.html, `serialize`): the
name of a layer's kind, its tensor, and settings that a converter of numbers does not need. An integer is a byte that
counts its bytes, then these, the lowest first; a tensor is 2, its four sizes and its float32 numbers. Where the
network branches is not told here: the layers come as a chain, which is their order.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from paddle_mfs.convert.graph import Graph, Node
from paddle_mfs.utils.errors import UserError

KINDS = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2")  # each after its length
TENSOR_VERSION = 2


class _Reader:
    """Goes through the bytes of the file."""

    def __init__(self, content: bytes):
        self._content, self._at = content, 0

    def next_kind(self) -> str | None:
        """Go past the name of the next layer that has numbers -> the name; None at the end."""
        found = KINDS.search(self._content, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()[2:].decode()

    def integer(self) -> int:
        size = self._content[self._at]
        if not 1 <= size <= 8:  # a negative number's has its highest bit set
            raise ValueError(f"no size at byte {self._at}")
        value = int.from_bytes(self._content[self._at + 1 : self._at + 1 + size], "little")
        self._at += 1 + size
        return value

    def tensor(self) -> np.ndarray:
        """-> (samples, channels, rows, columns) float32."""
        if self.integer() != TENSOR_VERSION:
            raise ValueError(f"no tensor at byte {self._at}")
        shape = [self.integer() for _ in range(4)]
        values = np.frombuffer(self._content, "<f4", math.prod(shape), self._at)
        self._at += values.nbytes
        return values.reshape(shape)


def _layer(kind: str, reader: _Reader) -> list[tuple[str, list[np.ndarray]]]:
    """The operators that a layer stands for, by their ONNX names, with their constants."""
    if kind == "con_4":  # all kernels, then the biases
        values = reader.tensor().ravel()
        count, rows, columns = (reader.integer() for _ in range(3))
        return [("Conv", [values[:-count].reshape(count, -1, rows, columns), values[-count:]])]
    if kind == "affine_":  # what batch normalisation became: one scale a channel, then one shift a channel
        scale, shift = np.split(reader.tensor().ravel(), 2)
        return [("Mul", [scale]), ("Add", [shift])]
    outputs, inputs = reader.integer(), reader.integer()
    values = reader.tensor()[:, :, 0, 0]
    if values.shape[1] != outputs or len(values) not in (inputs, inputs + 1):
        raise ValueError(f"a matrix of {values.shape} for {inputs} inputs and {outputs} outputs")
    return [("Gemm", [values[:inputs], *values[inputs:]])]


def read_dlib(content: bytes, origin: str | Path) -> Graph:
    """The bytes of a .dat file -> Graph, a chain. Raises UserError when they hold no dlib network, or are damaged."""
    reader, last = _Reader(content), "input"
    nodes: list[Node] = []
    arrays: dict[str, np.ndarray] = {}
    try:
        while kind := reader.next_kind():
            for op, constants in _layer(kind, reader):
                names = [f"{op} {len(nodes)} {index}" for index in range(len(constants))]
                arrays.update(zip(names, constants))
                nodes.append(Node(op, (last, *names), (last := f"{op} {len(nodes)}",)))
    except (ValueError, IndexError) as error:
        raise UserError(f"{origin}: a damaged dlib network ({error}); fetch it again") from None
    if not nodes:
        raise UserError(f"{origin}: holds no dlib network; give the package or the .dat of its card")
    return Graph(nodes, [last], arrays, origin)
