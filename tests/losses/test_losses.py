"""Every term of the objective on cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddle_mfs.losses import term_class
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.mask import mask_loss
from paddle_mfs.losses.perceptual import Perceptual, perceptual_network
from paddle_mfs.losses.reconstruction import reconstruction_loss
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.losses.term import LOSSES
from paddle_mfs.losses.unmasked import unmasked_reconstruction_loss
from paddle_mfs.models import create_model
from paddle_mfs.utils.config import load_config

E = np.eye(3, dtype=np.float32)


def test_reconstruction_is_the_mean_absolute_difference_of_each_sample():
    image = paddle.zeros([2, 3, 4, 4])
    taught = paddle.concat([paddle.full([1, 3, 4, 4], 0.5), paddle.full([1, 3, 4, 4], 0.25)])
    np.testing.assert_allclose(reconstruction_loss(image, taught).numpy(), [0.5, 0.25])


def test_unmasked_reconstruction_leaves_the_background_out():
    background = paddle.zeros([1, 1, 4, 4])
    background[:, :, :2] = 1
    loss = unmasked_reconstruction_loss(paddle.zeros([1, 3, 4, 4]), paddle.ones([1, 3, 4, 4]), background)
    assert float(loss) == pytest.approx(0.5)


def test_identity_loss_is_one_less_the_cosine():
    a = paddle.to_tensor(np.stack([E[0], E[0], -E[0]]))
    np.testing.assert_allclose(identity_loss(a, paddle.to_tensor(np.stack([E[0], E[1], E[0]]))).numpy(), [0, 1, 2])


def test_alpha_is_the_squared_cosine_times_quality_and_has_no_gradient():
    source, taught = paddle.to_tensor(E[:1]), paddle.to_tensor([[0.5, 0.5, 0.0]])
    taught.stop_gradient = False
    weight = alpha(taught, source, quality=0.5)
    assert float(weight) == pytest.approx(0.125) and weight.stop_gradient
    assert float(alpha(-source, source)) == 0.0  # an opposite identity teaches nothing, not the same as a matching one


@pytest.mark.parametrize("kind, expected", [("cos*q", 0.125), ("cos", 0.25), ("q", 0.5), ("none", 1.0)])
def test_alpha_is_made_of_what_its_kind_names(kind, expected):
    assert float(alpha(paddle.to_tensor([[0.5, 0.5, 0.0]]), paddle.to_tensor(E[:1]), 0.5, kind)) == pytest.approx(
        expected
    )


def test_mask_loss_wants_the_background_shut_and_the_core_open():
    background, core = paddle.zeros([1, 1, 4, 4]), paddle.zeros([1, 1, 4, 4])
    background[:, :, 0], core[:, :, 3] = 1, 1
    right = paddle.zeros([1, 1, 4, 4])
    right[:, :, 1:] = 1
    assert float(mask_loss(right, background, core)) == 0
    assert float(mask_loss(paddle.zeros([1, 1, 4, 4]), background, core)) == pytest.approx(0.25)  # shut everywhere
    assert float(mask_loss(paddle.ones([1, 1, 4, 4]), background, core)) == pytest.approx(0.25)  # open everywhere
    assert float(mask_loss(right * 0.5, background, core, opening=0.5)) == 0
    assert float(mask_loss(right, background, core, opening=0.5)) == pytest.approx(0.125)  # too far in the core


def test_perceptual_distance_is_zero_for_the_same_picture_and_grows():
    paddle.seed(0)
    loss = Perceptual(create_model("squeezenet"))
    image = paddle.rand([1, 3, 64, 64])
    near, far = (image + step * paddle.rand([1, 3, 64, 64]) for step in (0.05, 0.5))
    same, small, large = (
        float(loss.distance(loss.features(image), loss.features(other))) for other in (image, near, far)
    )
    assert same == 0 < small < large


def test_paddle_visions_network_loads_its_own_file_and_equals_it(tmp_path):
    from paddle.vision.models import squeezenet1_0

    paddle.seed(0)
    original = squeezenet1_0()
    original.eval()
    paddle.save(original.state_dict(), str(tmp_path / "squeezenet.pdparams"))
    network = perceptual_network("vision_squeezenet", tmp_path / "squeezenet.pdparams")
    x = paddle.rand([1, 3, 64, 64])
    mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    y = original._pool(paddle.nn.functional.relu(original._conv(paddle.to_tensor((x.numpy() - mean) / std))))
    taps = network(x)
    np.testing.assert_allclose(taps[0].numpy(), original._conv1(y).numpy(), rtol=1e-4, atol=1e-4)
    assert taps[1].shape[1] == 256 and all(p.stop_gradient for p in network.parameters())


def test_every_term_is_told_apart_and_has_its_weight_in_the_config(root):
    names = set(load_config(root / "configs" / "distill.yml").loss.weights)
    classes = [term_class(name) for name in names]
    assert names == set(LOSSES.names())
    for attribute in ("symbol", "word"):
        assert len({getattr(cls, attribute) for cls in classes}) == len(names)
    assert {cls.symbol for cls in classes if cls.by_alpha} == {"L_rec", "L_raw", "L_per"}
