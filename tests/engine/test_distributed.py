"""Training in two processes: the losses of one process with the same global batch."""
import os
import subprocess
import sys

import pytest

from paddle_mfs.engine import journal
from paddle_mfs.weights import load_state


def test_two_processes_are_one_with_two_batches_a_step(run_script, root, faces_file, tmp_path):
    def settings(output, *more):
        values = [f"data.faces={faces_file}", "data.size=64", "data.identities=2", "data.targets=1", "run.steps=3", "ema.every=1",
                  "run.log_every=1", "run.threads=1", f"run.output={tmp_path / output}", *more]
        return ["-c", "configs/smoke.yml", *[word for value in values for word in ("-o", value)]]

    one = run_script("train", *settings("one", "optimizer.accumulate=2"))
    assert one.returncode == 0, one.stderr
    launch = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir", tmp_path / "logs"]
    two = subprocess.run([*launch, "tools/train.py", *settings("two")], cwd=root, capture_output=True, text=True, timeout=600,
                         env={**os.environ, "PYTHONPATH": str(root)})
    assert two.returncode == 0, two.stdout + two.stderr + (tmp_path / "logs" / "workerlog.1").read_text()
    mine, theirs = (journal.read(tmp_path / name / "log.jsonl") for name in ("one", "two"))
    assert [line["seen"] for line in mine] == [line["seen"] for line in theirs] == [4, 8, 12]
    for a, b in zip(mine, theirs):
        for name in ("loss", "rec", "raw", "id", "mask", "alpha", "grad"):
            assert a[name] == pytest.approx(b[name], rel=1e-4), (a["step"], name)
    weights, same = (load_state(tmp_path / name / "mfs.pdparams") for name in ("one", "two"))
    learned = [name for name in weights if not name.endswith(("._mean", "._variance"))]     # not the running statistics
    assert max(abs(weights[name] - same[name]).max() for name in learned) < 1e-4
    assert "mfs.pdparams: 3 steps, 12 crops" in two.stdout
