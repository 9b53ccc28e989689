"""Reads the operators and numbers of a TensorFlow Lite file (.tflite).

The file is a FlatBuffer (https://flatbuffers.dev/internals/). Of its schema, tensorflow/compiler/mlir/lite/schema/
schema.fbs in https://github.com/tensorflow/tensorflow, the few tables are read that say which numbers belong to which
layer. Numbers may be float32, or float16 behind a DEQUANTIZE.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from paddle_mfs.convert.graph import Graph, Node
from paddle_mfs.utils.errors import UserError

IDENTIFIER = b"TFL3"
# builtin operator's number -> its ONNX name; the others only pass on what goes in
OPERATORS = {0: "Add", 3: "Conv", 4: "Conv", 9: "Gemm", 18: "Mul", 41: "Sub", 54: "PRelu"}
DEQUANTIZE, DEPTHWISE, FULLY_CONNECTED = 6, 4, 9
FLOATS = {0: "<f4", 1: "<f2"}  # type of a tensor -> how its numbers are stored


class Table:
    """A table of a FlatBuffer: fields by their number in the schema, absent ones have their default."""

    def __init__(self, content: bytes, at: int):
        self._content, self._at = content, at
        self._fields = at - self._unpack("<i", at)

    def _unpack(self, form: str, at: int) -> int:
        if at < 0:
            raise ValueError("an offset points before the file")
        return struct.unpack_from(form, self._content, at)[0]

    def _field(self, number: int) -> int:
        """Where a field lies; 0 if it is absent."""
        if 4 + 2 * number >= self._unpack("<H", self._fields):
            return 0
        offset = self._unpack("<H", self._fields + 4 + 2 * number)
        return self._at + offset if offset else 0

    def integer(self, number: int, form: str = "<i") -> int:
        """An integer field of the given `struct` form; 0 if it is absent."""
        at = self._field(number)
        return self._unpack(form, at) if at else 0

    def array(self, number: int, kind: str = "<i4") -> np.ndarray:
        """A vector of numbers, without a copy; empty if it is absent."""
        at = self._field(number)
        if not at:
            return np.empty(0, kind)
        at += self._unpack("<I", at)
        return np.frombuffer(self._content, kind, self._unpack("<I", at), at + 4)

    def tables(self, number: int) -> list[Table]:
        """A vector of tables."""
        at = self._field(number)
        if not at:
            return []
        at += self._unpack("<I", at)
        places = range(at + 4, at + 4 + 4 * self._unpack("<I", at), 4)
        return [Table(self._content, place + self._unpack("<I", place)) for place in places]


def _constants(tensors: list[Table], buffers: list[Table]) -> dict[int, np.ndarray]:
    """{number of a tensor: its numbers} of all that are constant and floats."""
    found = {}
    for number, tensor in enumerate(tensors):
        kind, data = tensor.integer(1, "<b"), buffers[tensor.integer(2, "<I")].array(0, "u1")
        if len(data) and kind in FLOATS:
            found[number] = data.view(FLOATS[kind]).reshape(tensor.array(0))
    return found


def _read(content: bytes, origin: str | Path) -> Graph:
    model = Table(content, struct.unpack_from("<I", content)[0])
    # the number of an operator moved to a wider field when there were more than 127
    codes = [max(code.integer(0, "<b"), code.integer(3)) for code in model.tables(1)]
    network = model.tables(2)[0]
    constants = _constants(network.tables(0), model.tables(4))
    nodes: list[Node] = []
    arrays = {str(number): value for number, value in constants.items()}
    for operator in network.tables(3):
        code, inputs, outputs = codes[operator.integer(0, "<I")], operator.array(1), operator.array(2)
        if code == DEQUANTIZE and int(inputs[0]) in constants:
            constants[int(outputs[0])] = arrays[str(outputs[0])] = constants[int(inputs[0])]
            continue
        names = [str(number) for number in inputs if number >= 0]
        if OPERATORS.get(code) in ("Conv", "Gemm") and names[1] in arrays:
            # kernels come as (out, k, k, in), depthwise ones as (1, k, k, channels), matrices as (out, in)
            axes = {DEPTHWISE: (3, 0, 1, 2), FULLY_CONNECTED: (1, 0)}.get(code, (0, 3, 1, 2))
            weight = arrays[names[1]].transpose(axes)
            names[1] = f"{names[1]} of {len(nodes)}"
            arrays[names[1]] = weight
        nodes.append(Node(OPERATORS.get(code, "Other"), tuple(names), tuple(str(number) for number in outputs)))
    return Graph(nodes, [str(number) for number in network.array(2)], arrays, origin)


def read_tflite(content: bytes, origin: str | Path) -> Graph:
    """The bytes of a .tflite file -> Graph of its first subgraph. Raises UserError when they are none, or damaged."""
    if content[4:8] != IDENTIFIER:
        raise UserError(f"{origin}: not a TensorFlow Lite file; give the package or the .tflite of its card")
    try:
        return _read(content, origin)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise UserError(f"{origin}: a damaged TensorFlow Lite file ({error}); fetch it again") from None
