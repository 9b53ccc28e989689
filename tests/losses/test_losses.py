"""Every term of the objective on cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.objective import Objective
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.landmarks import LandmarkLoss
from paddle_mfs.losses.mask import mask_loss
from paddle_mfs.losses.perceptual import PerceptualLoss, perceptual_network
from paddle_mfs.losses.reconstruction import reconstruction_loss, unmasked_reconstruction_loss
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.losses.texture import texture_loss
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import Swap
from paddle_mfs.ops.resample import area_matrix
from paddle_mfs.utils.config import Config

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
    loss = PerceptualLoss(create_model("squeezenet"))
    image = paddle.rand([1, 3, 64, 64])
    near, far = (image + step * paddle.rand([1, 3, 64, 64]) for step in (0.05, 0.5))
    same, small, large = (float(loss(loss.features(image), loss.features(other))) for other in (image, near, far))
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


def test_area_matrix_averages():
    matrix = area_matrix(8, 4)
    np.testing.assert_allclose(matrix @ np.arange(8), [0.5, 2.5, 4.5, 6.5])
    np.testing.assert_allclose(area_matrix(224, 112).sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(area_matrix(128, 112).sum(1), 1, rtol=1e-6)


def test_objective_is_the_weighted_sum_of_its_terms():
    paddle.seed(0)
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    weights = Config(
        {
            "reconstruction": 30.0,
            "unmasked": 20.0,
            "perceptual": 5.0,
            "identity": 3.0,
            "mask": 10.0,
            "texture": 7.0,
            "landmarks": 20.0,
        }
    )
    network, mesh = create_model("squeezenet"), create_model("facemesh", weights="bundled")
    x = [paddle.rand([2, 3, 128, 128]) for _ in range(4)]
    region = paddle.zeros([2, 1, 128, 128])
    region[:, :, 32:96, 32:96] = 1
    batch = Batch(None, x[0], x[1], 1 - region, region, None)
    swap = Swap(x[2], paddle.rand([2, 1, 128, 128]), x[3])
    source = paddle.nn.functional.normalize(paddle.randn([2, 192]))

    def terms(step):
        loss, record = Objective(embedder, weights, network, 2, mesh=mesh)(swap, batch, source, step)
        assert record["loss"] == pytest.approx(float(loss))
        return record

    on, off = terms(0), terms(1)
    taught = embedder(x[1])[0]
    a = alpha(taught, source)
    expected = float(
        (a * (30 * reconstruction_loss(x[2], x[1]) + 20 * unmasked_reconstruction_loss(x[3], x[1], 1 - region))).mean()
        + 3 * identity_loss(embedder(x[2])[0], source).mean()
        + 10 * mask_loss(swap.mask, 1 - region, region)
        + 7 * texture_loss(x[2], x[1]).mean()
        + 20 * LandmarkLoss(mesh)(x[2], x[0]).mean()
    )
    assert off["loss"] == pytest.approx(expected, rel=1e-4) and "per" not in off
    perceptual = PerceptualLoss(network)
    l_per = perceptual(perceptual.features(x[2]), perceptual.features(x[1]))
    assert on["loss"] == pytest.approx(expected + float(2 * 5 * (a * l_per).mean()), rel=1e-4)
    assert off["copy"] == pytest.approx(float(reconstruction_loss(x[0], x[1]).mean()))


def test_without_distillation_only_pairs_of_one_identity_reconstruct():
    paddle.seed(0)
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    weights = Config(
        {"reconstruction": 30.0, "unmasked": 0.0, "perceptual": 0.0, "identity": 0.0, "mask": 0.0, "texture": 0.0}
    )
    x, region = [paddle.rand([2, 3, 112, 112]) for _ in range(4)], paddle.zeros([2, 1, 112, 112])
    batch = Batch(None, x[0], x[1], 1 - region, region, paddle.to_tensor([0.0, 1.0]))
    source = embedder(x[1])[0]  # alpha is 1
    objective = Objective(embedder, weights, reweight="none", distillation=False)
    loss, record = objective(Swap(x[2], region, x[3]), batch, source, 0)
    assert record["alpha"] == 0.5
    assert float(loss) == pytest.approx(30 * float(reconstruction_loss(x[2], x[1])[1]) / 2, rel=1e-5)
