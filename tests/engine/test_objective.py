"""The training objective: its terms weighted, reweighted by alpha, logged and built by name."""

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.build import build_objective
from paddle_mfs.losses.identity import identity_loss
from paddle_mfs.losses.mask import mask_loss
from paddle_mfs.losses.pasted import as_pasted
from paddle_mfs.losses.reconstruction import reconstruction_loss
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.losses.term import real_pictures
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
    return Config({**section, "identity_on_reverse": 1.0, "pasted": False, **settings})


@pytest.fixture
def step():
    """An embedder, and a swap, a batch and source embeddings of noise."""
    paddle.seed(0)
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    x = [paddle.rand([2, 3, 128, 128]) for _ in range(4)]
    region = paddle.zeros([2, 1, 128, 128])
    region[:, :, 32:96, 32:96] = 1
    batch = Batch(None, x[0], x[1], 1 - region, region, *[paddle.to_tensor([0.0, 1.0])] * 2)
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
        + 20 * objective.terms["landmarks"].distance(result, real_pictures(batch)).mean()
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


@pytest.fixture
def reverse_step(step):
    """The same with three samples: a teacher's pair, a target of the source's identity, a reverse pair."""
    embedder, swap, batch, source = step

    def three(x):
        return paddle.concat([x, x[:1] * 0.9])

    targets = three(batch.targets)
    taught = paddle.concat([batch.taught[:1], targets[1:2], batch.taught[1:]])
    regions = three(batch.background), three(batch.core)
    same, real = paddle.to_tensor([0.0, 1.0, 0.0]), paddle.to_tensor([0.0, 1.0, 1.0])
    swap = Swap(*map(three, swap))
    return embedder, swap, Batch(None, targets, taught, *regions, same, real), three(source)


def test_a_real_picture_is_trusted_where_reverse_pairs_are_trained(reverse_step):
    embedder, swap, batch, source = reverse_step
    section = loss_section({"reconstruction": 30.0, "identity": 0.0})
    formula = alpha(embedder(batch.taught)[0], source).numpy()
    assert formula.max() < 0.9
    for trusts_real, expected in ((False, formula), (True, [formula[0], 1, 1])):
        objective = build_objective(section, embedder, trusts_real=trusts_real)
        loss, _ = objective(swap, batch, source, 0)
        np.testing.assert_allclose(objective.alphas.numpy(), expected, rtol=1e-5)
        rows = reconstruction_loss(swap.result, batch.taught).numpy()
        assert float(loss) == pytest.approx(30 * float((rows * expected).mean()), rel=1e-4)


def test_without_distillation_reverse_pairs_stay(reverse_step):
    embedder, swap, batch, source = reverse_step
    section = loss_section({"reconstruction": 30.0, "identity": 0.0}, distillation=False)
    objective = build_objective(section, embedder, trusts_real=True)
    objective(swap, batch, source, 0)
    assert objective.alphas.numpy().tolist() == [0, 1, 1]


def test_real_pictures_are_targets_but_of_reverse_pairs_what_is_taught(reverse_step):
    batch = reverse_step[2]
    wanted = paddle.concat([batch.targets[:2], batch.taught[2:]])
    np.testing.assert_array_equal(real_pictures(batch).numpy(), wanted.numpy())
    assert (batch.targets[2] != batch.taught[2]).any() and (batch.targets[0] != batch.taught[0]).any()


def test_l_id_weighs_less_at_reverse_pairs_if_told(reverse_step):
    embedder, swap, batch, source = reverse_step
    section = loss_section({"identity": 3.0}, identity_on_reverse=0.25)
    loss, record = build_objective(section, embedder)(swap, batch, source, 0)
    rows = identity_loss(embedder(swap.result)[0], source).numpy()
    assert float(loss) == pytest.approx(3 * float((rows * [1, 1, 0.25]).mean()), rel=1e-4)
    assert float(record["id"]) == pytest.approx(rows.mean(), rel=1e-4)  # the log compares with runs of other weights


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


def test_terms_see_the_result_as_it_is_pasted_where_that_is_wanted(step):
    embedder, swap, batch, _ = step
    section = loss_section({"reconstruction": 30.0, "identity": 0.0})
    assert build_objective(section, embedder).shown(swap, batch.targets) is swap
    section = loss_section({"reconstruction": 30.0, "identity": 0.0}, pasted=True)
    shown = build_objective(section, embedder).shown(swap, batch.targets)
    np.testing.assert_array_equal(shown.result.numpy(), as_pasted(swap, batch.targets).result.numpy())
    assert np.abs(shown.result.numpy() - swap.result.numpy()).max() > 0.01
