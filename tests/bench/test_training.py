"""The speed of training, stage by stage."""

from paddle_mfs.bench import training
from paddle_mfs.bench.training import text, time_training
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.utils.config import load_config


def test_training_stages_are_timed_in_order(root, faces_file, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "WARM_UP", 0)  # what counts here are the stages, not their speeds
    config = load_config(
        root / "configs" / "smoke.yml",
        [f"data.faces={faces_file}", "data.size=64", "data.identities=1", f"run.output={tmp_path}"],
    )
    speeds = time_training(Trainer(config), steps=1)
    assert list(speeds)[0] == "Paddle's own operators" and list(speeds)[-1] == "freed memory kept" and len(speeds) == 5
    assert all(speed > 0 for speed in speeds.values())
    lines = text(speeds, size=64).splitlines()
    assert len(lines) == 6 and lines[0].startswith("training at 64 px") and lines[1].endswith(" 1.0")
