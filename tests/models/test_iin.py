"""The two kinds of Identity Injection Module, against their equations."""

import numpy as np
import paddle
import pytest

from paddle_mfs.models.iin import DECODER, ENCODER, RESIDUAL_SCALE, WeightsModulation, WeightsPrediction


def test_modulation_scales_the_inputs_and_demodulates_the_outputs():
    """W' = W (style + 1) for each input, W'' = W' / sqrt(sum W'^2) for each output."""
    paddle.seed(1)
    layer, embedding = WeightsModulation(5, 7, 11), paddle.randn([2, 11])
    with paddle.no_grad():
        made = layer(embedding).numpy()
    weight, matrix, bias = (
        value.numpy().astype(np.float64) for value in (layer.weight, layer.style.weight, layer.style.bias)
    )
    assert made.shape == (2, 7, 5) and np.abs(made[0] - made[1]).max() > 0.05
    for of_one, identity in zip(made, embedding.numpy()):
        scaled = weight[:, :, 0, 0] * (identity @ matrix + bias + 1)
        expected = scaled / np.sqrt((scaled**2).sum(1, keepdims=True))
        np.testing.assert_allclose(of_one, expected, atol=1e-6)


@pytest.fixture(scope="module")
def predicted():
    """The kernels of two feature maps in both forms, with the same weights -> (public, residual, the layer)."""
    paddle.seed(2)
    residual, feature = WeightsPrediction(16, residual=True), paddle.randn([2, 16, 7, 7])
    public = WeightsPrediction(16, residual=False)
    public.set_state_dict({name: value for name, value in residual.state_dict().items() if "base_" not in name})
    for layer in (residual, public):
        layer.eval()
    with paddle.no_grad():
        return public(feature), residual(feature), residual


def test_prediction_makes_a_kernel_for_each_depthwise_channel(predicted):
    (encoder, decoder), _, _ = predicted
    assert [kernels.shape for kernels in encoder] == [[2, width, 4, 4] for width, _ in ENCODER]
    assert [kernels.shape for kernels in decoder] == [[2, width, 3, 3] for width, _ in DECODER]
    for kernels in (*encoder, *decoder):
        assert float((kernels[0] - kernels[1]).abs().max()) > 1e-4, "another face must give other kernels"


def test_residual_kernels_are_base_plus_a_tenth_of_the_predicted(predicted):
    public, residual, layer = predicted
    assert RESIDUAL_SCALE == 0.1
    for alone, sums, bases in zip(public, residual, (layer.base_enc, layer.base_dec)):
        assert len(alone) == len(sums) == len(bases)
        for kernels, total, base in zip(alone, sums, bases):
            np.testing.assert_allclose(total.numpy(), base.numpy() + 0.1 * kernels.numpy(), atol=1e-6)
