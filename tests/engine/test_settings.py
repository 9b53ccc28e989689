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


def test_a_wrong_value_of_a_file_names_the_file(root, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(f"_base_: {root / 'configs' / 'distill.yml'}\nema:\n  decay: 2.0\n")
    with pytest.raises(UserError, match=r"mine.yml: ema.decay is 2.0; it must be from 0 to below 1"):
        load_settings(path)
    path.write_text("optimizer:\n  lr: 1.0\n")
    with pytest.raises(UserError, match="mine.yml: has no section model"):
        load_settings(path)
