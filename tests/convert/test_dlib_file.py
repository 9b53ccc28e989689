"""Networks as dlib saves them, made here."""

import numpy as np
import pytest

from paddle_mfs.convert.dlib_file import read_dlib
from paddle_mfs.convert.graph import parameters_in_order
from paddle_mfs.utils.errors import UserError


def integer(value):
    content = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "little")
    return bytes([len(content)]) + content


def text(value):
    return integer(len(value)) + value.encode()


def tensor(values):
    shape = [*values.shape, 1, 1, 1][:4]
    return integer(2) + b"".join(map(integer, shape)) + values.astype("<f4").tobytes()


def small_network():
    """A convolution, its affine layer, an activation and a matrix -> (bytes, expected parameters)."""
    rng = np.random.default_rng(3)
    kernel, bias = rng.standard_normal((4, 3, 7, 5)).astype(np.float32), rng.standard_normal(4).astype(np.float32)
    scale, shift = rng.uniform(1, 2, 4).astype(np.float32), rng.standard_normal(4).astype(np.float32)
    matrix = rng.standard_normal((4, 300)).astype(np.float32)
    settings = integer(1) + integer(0) * 6
    content = (
        text("input_rgb_image_sized")
        + settings
        + text("con_4")
        + tensor(np.concatenate([kernel.ravel(), bias]))
        + b"".join(map(integer, (4, 7, 5, 2, 2)))
        + settings
        + text("affine_")
        + tensor(np.concatenate([scale, shift]))
        + settings
        + text("relu_")
        + text("fc_2")
        + integer(300)
        + integer(4)
        + tensor(matrix)
        + settings
    )
    return content, [kernel * scale.reshape(-1, 1, 1, 1), bias * scale + shift, matrix]


def test_layers_come_in_our_form():
    content, expected = small_network()
    found = parameters_in_order(read_dlib(content, "made"))
    assert [value.shape for value in found] == [value.shape for value in expected]
    for value, right in zip(found, expected):
        np.testing.assert_array_equal(value, right)


def test_damaged_and_other_files_are_refused_in_one_line():
    content, _ = small_network()
    for part in (content[:200], content[:-900], content.replace(b"\x04fc_2", b"\x04fc_2\x00")):
        with pytest.raises(UserError, match="made: a damaged dlib network") as caught:
            read_dlib(part, "made")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="made: holds no dlib network"):
        read_dlib(b"something else", "made")
