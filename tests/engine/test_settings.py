"""Values of a training run's settings are checked before anything is built."""

import pytest

from paddle_mfs.engine.settings import load_settings
from paddle_mfs.utils.errors import UserError


@pytest.mark.parametrize(
    "override, told",
    [
        ("optimizer.lr=-1", "optimizer.lr is -1.0; it must be above 0"),
        ("optimizer.lr=.nan", "optimizer.lr is nan; it must be a finite number"),
        ("optimizer.beta2=1", "optimizer.beta2 is 1.0; it must be from 0 to below 1"),
        ("optimizer.accumulate=0", "optimizer.accumulate is 0; it must be at least 1"),
        ("data.size=100", "data.size is 100; it must be a multiple of 32 from 64 to 512"),
        ("data.identities=0", "data.identities is 0; it must be at least 1"),
        ("data.same_identity=1.5", "data.same_identity is 1.5; it must be from 0 to 1"),
        ("data.reverse=-0.1", "data.reverse is -0.1; it must be from 0 to 1"),
        ("data.glasses=no.csv", "data.glasses is no.csv; it must be null or a file that is there"),
        ("loss.identity_on_reverse=-1", "loss.identity_on_reverse is -1.0; it must be at least 0"),
        ("teacher.name=mush", "teacher.name is mush; it must be one of"),
        (
            "model.init=nothing.pdparams",
            'model.init is nothing.pdparams; it must be null, "bundled" or a file that is there',
        ),
        ("model.encoder=nothing.pdparams", "model.encoder is nothing.pdparams"),
        ("loss.reweight=sin", "loss.reweight is sin; it must be one of cos, cos*q, none, q"),
        ("loss.weights.identity=-3", "it must be weights of at least 0"),
        ("loss.perceptual_network=vgg", "loss.perceptual_network is vgg"),
        ("ema.every=0", "ema.every is 0"),
        ("run.steps=0", "it must be a section with steps or minutes above 0"),
        ("run.keep=0", "run.keep is 0"),
        ("run.seed=-1", "run.seed is -1"),
        ("evaluation.pairs=0", "evaluation.pairs is 0"),
    ],
)
def test_a_wrong_value_is_one_line_naming_where_it_stands(root, override, told):
    with pytest.raises(UserError) as error:
        load_settings(root / "configs" / "smoke.yml", [override])
    assert str(error.value).startswith(f"-o {override}: ") and told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "overrides, told",
    [
        (["loss.opening=0.5"], "loss.weights.unmasked is 30.0; it must be 0, as loss.opening is 0.5"),
        (["model.fusion_mask=false"], "loss.weights.mask is 10.0; it must be 0, as model.fusion_mask is false"),
        (
            ["model.fusion_mask=false", "loss.weights.mask=0", "loss.weights.unmasked=0", "loss.opening=0.5"],
            "loss.opening is 0.5; it must be 1, as model.fusion_mask is false",
        ),
        (["loss.reweight=q"], "loss.quality is none; it must be bundled or a file, as loss.reweight is q"),
        (
            ["data.same_identity=0", "loss.distillation=false"],
            "data.same_identity is 0.0; it must be above 0, as loss.distillation is false",
        ),
        (
            ["data.same_identity=0.6", "data.reverse=0.5"],
            "data.reverse is 0.5; it must be at most what data.same_identity leaves of 1, as data.same_identity is 0.6",
        ),
        (
            ["data.reverse=0.3", "data.pairs=data/pairs"],
            "data.reverse is 0.3; it must be 0, as data.pairs is data/pairs",
        ),
        (
            ["data.glasses=README.md", "data.pairs=data/pairs"],
            "data.glasses is README.md; it must be null, as data.pairs is data/pairs",
        ),
        (["model.frozen=[predictor]"], "model.frozen is ['predictor']; it must be [], as model.init is null"),
        (
            ["loss.weights.adversarial=1", "loss.discriminator.warmup=20"],
            "loss.discriminator.warmup is 20; it must be fewer steps than the run's, as run.steps is 20 and",
        ),
        (
            ["loss.weights.perceptual=5", "loss.perceptual_network=squeezenet"],
            "loss.perceptual_weights is pretrained; it must be a file that is there",
        ),
        (["loss.weights.perceptual=5", "loss.perceptual_weights=no.pdparams"], "is no.pdparams; it must be a file"),
    ],
)
def test_values_that_do_not_go_together_are_one_line(root, overrides, told):
    with pytest.raises(UserError) as error:
        load_settings(root / "configs" / "smoke.yml", overrides)
    assert str(error.value).startswith(f"-o {overrides[-1]}: ") and told in str(error.value)
    assert "\n" not in str(error.value)
    load_settings(root / "configs" / "smoke.yml", overrides[:-1])  # it is the last one that does not fit


def test_a_weight_that_no_term_has_is_told_with_the_nearest(root, tmp_path):
    text = (root / "configs" / "distill.yml").read_text(encoding="utf-8").replace("    texture: 0.0", "    texure: 0.0")
    (tmp_path / "mine.yml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"mine.yml: loss.weights.texure: no loss term .*; did you mean texture\?"):
        load_settings(tmp_path / "mine.yml")


def test_a_wrong_value_of_a_file_names_the_file(root, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(f"_base_: {root / 'configs' / 'distill.yml'}\nema:\n  decay: 2.0\n")
    with pytest.raises(UserError, match=r"mine.yml: ema.decay is 2.0; it must be from 0 to below 1"):
        load_settings(path)
    path.write_text("optimizer:\n  lr: 1.0\n")
    with pytest.raises(UserError, match="mine.yml: has no section model"):
        load_settings(path)


def test_shares_that_are_one_together_are_taken_and_reverse_pairs_do_without_distillation(root):
    load_settings(root / "configs" / "smoke.yml", ["data.same_identity=0.9", "data.reverse=0.1"])
    load_settings(
        root / "configs" / "smoke.yml", ["data.same_identity=0", "data.reverse=0.5", "loss.distillation=false"]
    )
