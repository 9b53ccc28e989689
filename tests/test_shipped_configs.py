"""Every config in configs/ is trained for two steps, on tiny data."""

import itertools
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mfs.data.crops import load_crops, save_crops
from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.settings import load_settings
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.models import create_model
from paddle_mfs.utils.config import load_config
from paddle_mfs.weights import save_state

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
# name: a setting of distill.yml that the ablation is about
ABLATIONS = {
    "no_fusion_mask": "model.fusion_mask",
    "no_prediction": "model.prediction",
    "no_modulation": "model.modulation",
    "static": "model.prediction",
    "no_distillation": "loss.distillation",
    "no_identity": "loss.weights.identity",
    "no_reweight": "loss.reweight",
    "cos_only": "loss.reweight",
    "q_only": "loss.reweight",
    "no_adversarial": "loss.weights.adversarial",
    "other_seed": "run.seed",
}


def value_of(config, key):
    for name in key.split("."):
        config = config[name]
    return config


OTHERS = "quality", "occlusion", "forensics", "results"  # configs of something else than a distillation


def training_configs():
    """Those of a distillation: they base on distill.yml."""
    return sorted(path for path in CONFIGS.rglob("*.yml") if path.stem not in OTHERS and path.parent.name != "evaluate")


@pytest.fixture(scope="module")
def small(tmp_path_factory, samples):
    """Overrides that make any training config small: a few faces, 64 px, an untrained network for L_per."""
    folder = tmp_path_factory.mktemp("small")
    crops = load_crops(samples / "faces")
    few = type(crops)(crops.images[:4], crops.landmarks[:4], crops.names[:4])
    save_crops(folder / "faces.npz", few)
    save_state(folder / "squeezenet.pdparams", create_model("squeezenet").state_dict())
    return [
        f"data.faces={folder / 'faces.npz'}",
        "data.size=64",
        "data.identities=2",
        "data.targets=1",
        "data.workers=0",
        "loss.perceptual_network=squeezenet",
        f"loss.perceptual_weights={folder / 'squeezenet.pdparams'}",
        "run.steps=2",
        "loss.discriminator.warmup=0",
        "run.minutes=0",
        f"run.output={folder / 'run'}",
    ]


@pytest.mark.parametrize(
    "path", training_configs(), ids=lambda path: path.relative_to(CONFIGS).with_suffix("").as_posix()
)
def test_two_steps(path, small):
    trainer = Trainer(load_settings(path, small))
    before = {name: value.numpy() for name, value in trainer.net.named_parameters()}
    for batch in itertools.islice(trainer.sampler.stream(), 2):
        record = trainer.train_step(Batch(*map(paddle.to_tensor, batch)))
    assert trainer.step == 2 and np.isfinite(list(record.values())).all()
    changed = [
        name for name, value in trainer.net.named_parameters() if not np.array_equal(value.numpy(), before[name])
    ]
    assert len(changed) > 20
    with paddle.no_grad():
        embedding, feature = trainer.sampler.identities(batch)
        result, _ = trainer.ema.bake(embedding[:1], feature[:1])(paddle.rand([1, 3, 64, 64]))
    assert result.shape == [1, 3, 64, 64] and np.isfinite(result.numpy()).all()


def test_every_ablation_of_the_issue_changes_its_setting():
    assert {path.stem for path in (CONFIGS / "ablations").glob("*.yml")} == {"full", *ABLATIONS}
    for name, key in ABLATIONS.items():
        path = CONFIGS / "ablations" / f"{name}.yml"
        config, base = load_config(path), load_config(CONFIGS / "ablations" / "full.yml")
        if name not in ("cos_only", "q_only", "other_seed"):
            assert not value_of(config, key) or value_of(config, key) == "none"
        differing = {section for section in base if config[section] != base[section]} - {"run"}
        assert value_of(config, key) != value_of(base, key) and differing <= {"model", "loss"}
        assert Path(config.run.output).name == name
