"""Resampling by products with matrices equals what it replaces, forward and backward."""

import cv2
import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.ops.resample import area_matrix, area_resize, upsample2x
from tests.ops.test_layers import assert_same, leaf, outputs_and_gradients


@pytest.mark.parametrize("h, w", [(4, 4), (7, 9), (1, 3)])
def test_upsampling_equals_paddle(h, w):
    paddle.seed(0)
    x = leaf(2, 3, h, w)
    assert_same(
        outputs_and_gradients(upsample2x, [x]),
        outputs_and_gradients(lambda t: F.interpolate(t, scale_factor=2, mode="bilinear", align_corners=True), [x]),
    )


@pytest.mark.parametrize("ring", [0, 1])
@pytest.mark.parametrize("h, w", [(4, 4), (7, 9), (1, 3)])
def test_half_pixel_upsampling_equals_paddle(h, w, ring):
    """Compiled against Paddle's operators, and those against plain interpolation of a map with zeros around it."""
    paddle.seed(0)
    x = leaf(2, 3, h, w)

    def run(x):
        return upsample2x(x, half_pixel=True, ring=ring)

    compiled = outputs_and_gradients(run, [x])
    with plain_operators():
        assert_same(compiled, outputs_and_gradients(run, [x]))
    wide = F.interpolate(F.pad(x, [3, 3, 3, 3]), scale_factor=2, mode="bilinear", align_corners=False)
    assert compiled[0].shape == (2, 3, 2 * h + 2 * ring, 2 * w + 2 * ring)
    np.testing.assert_allclose(compiled[0], wide[:, :, 6 - ring : ring - 6, 6 - ring : ring - 6].numpy(), atol=1e-6)


@pytest.mark.parametrize("size, smaller", [(8, 4), (224, 112), (128, 112), (7, 3)])
def test_area_matrix_averages(size, smaller):
    matrix = area_matrix(size, smaller)
    assert matrix.shape == (smaller, size) and matrix.dtype == np.float32 and (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(matrix.sum(0), smaller / size, rtol=1e-4)  # every pixel counts the same
    np.testing.assert_array_equal(area_matrix(8, 4)[1], [0, 0, 0.5, 0.5, 0, 0, 0, 0])
    np.testing.assert_allclose(area_matrix(8, 4) @ np.arange(8), [0.5, 2.5, 4.5, 6.5])


@pytest.mark.parametrize("size, smaller", [(16, 8), (16, 12), (9, 4)])
def test_area_resize_equals_opencv_and_its_gradient_paddles(size, smaller):
    paddle.seed(0)
    x = leaf(2, 3, size, size)
    pictures = x.numpy().transpose(0, 2, 3, 1)
    right = np.stack([cv2.resize(one, (smaller, smaller), interpolation=cv2.INTER_AREA) for one in pictures])
    np.testing.assert_allclose(area_resize(x, smaller).numpy(), right.transpose(0, 3, 1, 2), atol=1e-5)
    compiled = outputs_and_gradients(lambda t: area_resize(t, smaller), [x])
    with plain_operators():
        assert_same(compiled, outputs_and_gradients(lambda t: area_resize(t, smaller), [x]))


def test_a_picture_of_that_size_stays_as_it_is():
    x = paddle.rand([1, 3, 8, 8])
    assert area_resize(x, 8) is x


def test_a_size_first_met_in_a_traced_program_can_be_used_after_it():
    class Half(paddle.nn.Layer):
        def forward(self, x):
            return area_resize(x, 37)  # a size of this test's own: nobody has met it before

    x = paddle.rand([1, 3, 74, 74])
    traced = paddle.jit.to_static(Half(), input_spec=[paddle.static.InputSpec([1, 3, 74, 74])], full_graph=True)
    np.testing.assert_allclose(traced(x).numpy(), area_resize(x, 37).numpy(), atol=1e-6)
