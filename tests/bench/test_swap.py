"""The phone's budget: counted from the network as built."""

from paddle_mfs.bench.swap import MAX_MACS, MAX_PARAMETERS, count_macs, count_parameters, time_stages, time_training
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.face.image import read_image
from paddle_mfs.utils.config import load_config


def test_idn_stays_in_its_budget(swapper):
    parameters, macs = count_parameters(swapper.identity.idn), count_macs(swapper.identity.idn)
    assert 0.49e6 < parameters <= MAX_PARAMETERS
    assert 0.29e9 < macs["convolution"] < macs["total"] <= MAX_MACS
    assert macs["total"] == sum(value for kind, value in macs.items() if kind != "total")


def test_every_step_is_timed(swapper, samples):
    times = time_stages(swapper, read_image(samples / "target.jpg"), repeats=1)
    assert set(times) == {"detection", "landmarks", "alignment", "paste", "IDN"} and all(
        value > 0 for value in times.values()
    )


def test_training_stages_are_timed_in_order(root, samples, tmp_path):
    config = load_config(
        root / "configs" / "smoke.yml",
        [f"data.faces={samples / 'faces'}", "data.size=64", "data.identities=2", f"run.output={tmp_path}"],
    )
    speeds = time_training(Trainer(config), steps=1)
    assert list(speeds)[0] == "Paddle's own operators" and list(speeds)[-1] == "freed memory kept" and len(speeds) == 5
    assert all(speed > 0 for speed in speeds.values())
