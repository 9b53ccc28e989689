"""Training of the occlusion segmenter: two steps, exact resume, its loss, its settings."""

import numpy as np
import paddle
import pytest

from paddle_mfs.engine.occlusion_scores import judge
from paddle_mfs.engine.occlusion_trainer import OcclusionTrainer, load_occlusion_settings, segmentation_loss
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.models import create_model
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import read_card


@pytest.fixture
def settings(root, faces_file, tmp_path):
    """settings("run.steps=3", ...) -> the shipped config on two faces."""

    def make(*overrides):
        small = [f"data.faces={faces_file}", f"data.held_out={faces_file}", "run.batch=2", "run.judged=1"]
        return load_occlusion_settings(
            root / "configs/occlusion.yml",
            [*small, "run.minutes=0", "run.steps=1", f"run.output={tmp_path / 'run'}", *overrides],
        )

    return make


def test_two_steps_then_one_more(settings):
    unbroken = OcclusionTrainer(settings("run.steps=3"))
    batches, records = unbroken.stream(), []
    before = {name: value.numpy() for name, value in unbroken.net.named_parameters()}
    for step in range(3):
        records.append(unbroken.train_step(next(batches)))
        if step == 1:
            checkpoint = unbroken.save_checkpoint()
    batches.close()
    assert set(records[0]) == {"loss", "bce", "dice"} and np.isfinite([float(one["loss"]) for one in records]).all()
    assert all((value.numpy() != before[name]).any() for name, value in unbroken.net.named_parameters())
    paddle.seed(99)
    resumed = OcclusionTrainer(settings("run.steps=3"), resume=checkpoint)
    assert (resumed.step, resumed.seen) == (2, 4)
    resumed.fit()
    for name, value in unbroken.net.state_dict().items():
        np.testing.assert_array_equal(resumed.net.state_dict()[name].numpy(), value.numpy(), err_msg=name)
    card = read_card(resumed.output / "occlusion.pdparams")
    assert card["made"]["steps"] == 3 and card["heldout"]["faces"] == 1 and "FFHQ" in card["licence_note"]
    create_model("occlusion", weights=resumed.output / "occlusion.pdparams")
    assert resumed.preview().shape == (112 + 20, 3 * 336, 3)


def test_loss():
    def loss(p, y, known):
        logits = np.log(p / (1 - p)).astype(np.float32)
        parts = (paddle.to_tensor(np.float32(part).reshape(1, 1, 8, 8)) for part in (logits, y, known))
        return [float(value) for value in segmentation_loss(*parts)]

    half, all_known = np.repeat([1.0, 0.0], 32), np.ones(64)
    good, bad = np.where(half > 0, 0.999, 0.001), np.where(half > 0, 0.001, 0.999)
    assert max(loss(good, half, all_known)) < 0.01
    assert loss(bad, half, all_known)[0] == pytest.approx(-np.log(0.001), rel=1e-3)
    assert loss(bad, half, all_known)[1] > 0.4
    mixed = np.where(np.arange(64) % 2, good, bad)
    np.testing.assert_allclose(loss(mixed, half, np.arange(64) % 2), loss(good, half, np.arange(64) % 2), rtol=1e-5)


def test_judge_of_the_truth_and_of_nothing(settings):
    from paddle_mfs.engine.occlusion_trainer import held_out

    face = held_out(settings(), 1)
    nothing = judge(lambda crop, landmarks: np.zeros(crop.shape[:2], np.float32), face)
    assert set(nothing["iou"].values()) == {0.0} and set(nothing["kept"].values()) == {0.0} and nothing["worst"] == 0
    everything = judge(lambda crop, landmarks: oval_mask(landmarks, *crop.shape[:2]) / np.float32(255), face)
    assert everything["kept"]["plain"] == 1 and 0.02 < everything["iou"]["all"] < 0.8


@pytest.mark.parametrize(
    "override, told",
    [
        ("data.objects=1.5", "data.objects is 1.5; it must be from 0 to 1"),
        ("loss={bce: 0, dice: 0}", "it must be a section with bce or dice above 0"),
        ("optimizer.lr=0", "optimizer.lr is 0.0; it must be above 0"),
        ("run.batch=1", "run.batch is 1; it must be at least 2"),
        ("run.steps=0", "a section with steps or minutes above 0"),
        ("data.spectacle=0.1", "did you mean data.spectacles"),
        ("data.workers=0", "data.workers is 0; it must be at least 1"),
        ("optimizer.lr=.inf", "it must be a finite number"),
    ],
)
def test_settings_are_checked(settings, override, told):
    with pytest.raises(UserError, match=told) as caught:
        settings(override)
    assert str(caught.value).startswith(f"-o {override.split('=')[0]}")
