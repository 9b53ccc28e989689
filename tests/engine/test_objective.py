"""The training objective: its terms weighted, reweighted by alpha, logged and built by name."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.build import build_objective
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.mask import mask_loss
from paddle_mfs.losses.reconstruction import reconstruction_loss
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.losses.texture import texture_loss
from paddle_mfs.losses.unmasked import unmasked_reconstruction_loss
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import Swap
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import save_state


def loss_section(weights, **settings):
    """A config's `loss` section without Q."""
    section = {"weights": weights, "reweight": "cos", "quality": "none", "distillation": True, "opening": 1.0}
    return Config({**section, **settings})


@pytest.fixture
def step():
    """An embedder, and a swap, a batch and source embeddings of noise."""
    paddle.seed(0)
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    x = [paddle.rand([2, 3, 128, 128]) for _ in range(4)]
    region = paddle.zeros([2, 1, 128, 128])
    region[:, :, 32:96, 32:96] = 1
    batch = Batch(None, x[0], x[1], 1 - region, region, paddle.to_tensor([0.0, 1.0]))
    swap = Swap(x[2], paddle.rand([2, 1, 128, 128]), x[3])
    return embedder, swap, batch, paddle.nn.functional.normalize(paddle.randn([2, 192]))


def test_objective_is_the_weighted_sum_of_its_terms(step, tmp_path):
    embedder, swap, batch, source = step
    save_state(tmp_path / "squeezenet.pdparams", create_model("squeezenet").state_dict())
    weights = {
        "reconstruction": 30.0,
        "unmasked": 20.0,
        "perceptual": 5.0,
        "identity": 3.0,
        "mask": 10.0,
        "texture": 7.0,
        "landmarks": 20.0,
    }
    section = loss_section(
        weights,
        perceptual_network="squeezenet",
        perceptual_weights=tmp_path / "squeezenet.pdparams",
        perceptual_every=2,
    )
    objective = build_objective(section, embedder)

    def terms(number):
        loss, record = objective(swap, batch, source, number)
        assert float(record["loss"]) == float(loss) and all(value.stop_gradient for value in record.values())
        return {name: float(value) for name, value in record.items()}

    on, off = terms(0), terms(1)
    result, taught, image = swap.result, batch.taught, swap.image
    a = alpha(embedder(taught)[0], source)
    expected = float(
        (
            a
            * (
                30 * reconstruction_loss(result, taught)
                + 20 * unmasked_reconstruction_loss(image, taught, batch.background)
            )
        ).mean()
        + 3 * identity_loss(embedder(result)[0], source).mean()
        + 10 * mask_loss(swap.mask, batch.background, batch.core)
        + 7 * texture_loss(result, taught).mean()
        + 20 * objective.terms["landmarks"].distance(result, batch.targets).mean()
    )
    assert off["loss"] == pytest.approx(expected, rel=1e-4) and "per" not in off
    perceptual = objective.terms["perceptual"]
    l_per = perceptual.distance(perceptual.features(result), perceptual.features(taught))
    assert on["loss"] == pytest.approx(expected + float(2 * 5 * (a * l_per).mean()), rel=1e-4)
    assert off["copy"] == pytest.approx(float(reconstruction_loss(batch.targets, taught).mean()))


def test_without_distillation_only_pairs_of_one_identity_reconstruct(step):
    embedder, swap, batch, source = step
    section = loss_section({"reconstruction": 30.0, "identity": 0.0}, reweight="none", distillation=False)
    loss, record = build_objective(section, embedder)(swap, batch, source, 0)
    assert float(record["alpha"]) == 0.5
    assert float(loss) == pytest.approx(30 * float(reconstruction_loss(swap.result, batch.taught)[1]) / 2, rel=1e-5)


def test_at_weight_0_cheap_terms_are_logged_and_the_others_not_built(step):
    embedder, swap, batch, source = step
    swap.result.stop_gradient = False
    objective = build_objective(
        loss_section({"identity": 0.0, "reconstruction": 1.0, "landmarks": 0.0, "adversarial": 0.0}), embedder
    )
    assert set(objective.terms.keys()) == {"identity", "reconstruction"}
    loss, record = objective(swap, batch, source, 0)
    assert float(record["id"]) == pytest.approx(float(identity_loss(embedder(swap.result)[0], source).mean()), rel=1e-5)
    assert float(loss) == pytest.approx(
        float((objective.alphas * reconstruction_loss(swap.result, batch.taught)).mean())
    )


def test_a_term_that_is_registered_is_trained_and_logged(step, brightness):
    embedder, swap, batch, source = step
    swap.result.stop_gradient = False
    loss, record = build_objective(loss_section({"brightness": 2.0}), embedder)(swap, batch, source, 0)
    assert float(record["bright"]) == pytest.approx(1 - float(swap.result.mean()), rel=1e-5)
    assert float(loss) == pytest.approx(2 * float(record["bright"]), rel=1e-6)
    loss.backward()
    np.testing.assert_allclose(swap.result.grad.numpy(), -2 / swap.result.size, rtol=1e-4)


def test_a_weight_that_no_term_has_is_told_with_the_nearest(step):
    with pytest.raises(UserError, match=r"^loss.weights.texure: no loss term .*; did you mean texture\?$"):
        build_objective(loss_section({"texure": 0.0}), step[0])
