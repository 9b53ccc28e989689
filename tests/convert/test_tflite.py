"""TensorFlow Lite files, made here table by table."""

import struct

import numpy as np
import pytest

from paddle_mfs.convert.graph import parameters_in_order
from paddle_mfs.convert.tflite import read_tflite
from paddle_mfs.utils.errors import UserError

ADD, CONV, DEPTHWISE, DEQUANTIZE, DENSE, RELU, PRELU = 0, 3, 4, 6, 9, 19, 54
CODES = [ADD, CONV, DEPTHWISE, DEQUANTIZE, DENSE, RELU, PRELU]


def write_table(out, fields):
    """Append a table to `out` -> where it lies. Fields by number: an integer, an array or a list of tables."""
    start, count = len(out), max(fields, default=-1) + 1
    at = start + 4 + 2 * count
    out += struct.pack("<HH", 4 + 2 * count, 4 + 4 * count)
    out += b"".join(struct.pack("<H", 4 + 4 * number if number in fields else 0) for number in range(count))
    out += struct.pack("<i", at - start) + bytes(4 * count)
    for number, value in fields.items():
        slot = at + 4 + 4 * number
        if isinstance(value, int):
            struct.pack_into("<i", out, slot, value)
            continue
        struct.pack_into("<I", out, slot, len(out) - slot)
        out += struct.pack("<I", len(value))
        if isinstance(value, np.ndarray):
            out += value.tobytes()
        else:
            places = len(out)
            out += bytes(4 * len(value))
            for index, table in enumerate(value):
                place = places + 4 * index
                struct.pack_into("<I", out, place, write_table(out, table) - place)
    return at


def tflite(tensors, operators, outputs):
    """A file's bytes. Tensors: arrays of constants, shapes of others; operators: (code, inputs, outputs)."""
    buffers, tables = [{}], []
    for tensor in tensors:
        is_constant = isinstance(tensor, np.ndarray)
        shape = np.array(tensor.shape if is_constant else tensor, "<i4")
        kind = 1 if is_constant and tensor.dtype == np.float16 else 0
        tables.append({0: shape, 1: kind, 2: len(buffers) if is_constant else 0})
        if is_constant:
            buffers.append({0: np.frombuffer(tensor.tobytes(), "u1")})
    lines = [{0: CODES.index(c), 1: np.array(i, "<i4"), 2: np.array(o, "<i4")} for c, i, o in operators]
    network = {0: tables, 1: np.array([0], "<i4"), 2: np.array(outputs, "<i4"), 3: lines}
    out = bytearray(b"\0\0\0\0TFL3")
    root = write_table(out, {0: 3, 1: [{0: code, 3: code} for code in CODES], 2: [network], 4: buffers})
    struct.pack_into("<I", out, 0, root)
    return bytes(out)


def small_network():
    """A convolution with float16 numbers, a PReLU, a depthwise convolution, a matrix -> (bytes, parameters)."""
    rng = np.random.default_rng(1)
    conv, bias = rng.standard_normal((4, 3, 3, 2)).astype(np.float16), rng.standard_normal(4).astype(np.float16)
    slopes = rng.uniform(0, 1, (1, 1, 4)).astype(np.float32)
    depthwise, shift = rng.standard_normal((1, 3, 3, 4)).astype(np.float32), np.arange(4, dtype=np.float32)
    dense = rng.standard_normal((5, 4)).astype(np.float32)
    image = (1, 8, 8, 4)
    tensors = [(1, 8, 8, 2), conv, conv.shape, bias, (4,), image, slopes, image, depthwise, shift, image, dense, (1, 5)]
    operators = [
        (DEQUANTIZE, [1], [2]),
        (DEQUANTIZE, [3], [4]),
        (CONV, [0, 2, 4], [5]),
        (PRELU, [5, 6], [7]),
        (DEPTHWISE, [7, 8, 9], [10]),
        (DENSE, [10, 11, -1], [12]),
    ]
    expected = [
        conv.transpose(0, 3, 1, 2),
        bias,
        slopes.ravel(),
        depthwise.transpose(3, 0, 1, 2),
        shift,
        dense.T,
    ]
    return tflite(tensors, operators, [12]), expected


def test_layers_come_in_our_form():
    content, expected = small_network()
    found = parameters_in_order(read_tflite(content, "made"))
    assert [value.shape for value in found] == [value.shape for value in expected]
    for value, right in zip(found, expected):
        np.testing.assert_array_equal(value, right.astype(np.float32))


def test_another_file_is_refused():
    with pytest.raises(UserError, match="made: not a TensorFlow Lite file"):
        read_tflite(b"PK\3\4 something else", "made")


@pytest.mark.parametrize("part", [0.02, 0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused_in_one_line(part):
    content, _ = small_network()
    with pytest.raises(UserError, match="TensorFlow Lite file") as caught:
        parameters_in_order(read_tflite(content[: int(len(content) * part)], "made"))
    assert "\n" not in str(caught.value)


def test_random_damage_ends_in_nothing_but_a_user_error():
    content, rng = small_network()[0], np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for at in rng.integers(8, len(content), 3):
            damaged[at] = rng.integers(256)
        try:
            parameters_in_order(read_tflite(bytes(damaged), "made"))
        except UserError:
            pass
