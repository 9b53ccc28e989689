"""Training in two processes: the losses of one process with the same global batch."""

import os
import subprocess
import sys

import pytest

from paddle_mfs.utils import jsonl
from paddle_mfs.weights import load_state

AVERAGES = """
import paddle
from paddle_mfs.engine import distributed
rank, ranks = distributed.start()
tensors = [paddle.full([2], rank + 1.0), paddle.full([1, 3], 10.0 * rank)]
distributed.average(tensors)
print("told", ranks, [tensor.tolist() for tensor in tensors], distributed.mean([rank, True]))
"""


def launch(script, *args, root, logs):
    """Run a script in two processes -> (CompletedProcess with the first one's output, output of the second)."""
    command = [
        sys.executable,
        "-m",
        "paddle.distributed.launch",
        "--nproc_per_node",
        "2",
        "--log_dir",
        logs,
        script,
        *args,
    ]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=900, env={**os.environ, "PYTHONPATH": str(root)}
    )
    return done, (logs / "workerlog.1").read_text()


def test_tensors_and_numbers_are_averaged_in_place_over_the_processes(root, tmp_path):
    (tmp_path / "averages.py").write_text(AVERAGES)
    done, other = launch(tmp_path / "averages.py", root=root, logs=tmp_path / "logs")
    assert done.returncode == 0, done.stderr
    for output in (done.stdout + done.stderr, other):
        assert "told 2 [[1.5, 1.5], [[5.0, 5.0, 5.0]]] [0.5, 1.0]" in output


def test_two_processes_are_one_with_two_batches_a_step(run_script, root, faces_file, tmp_path):
    def settings(output, *more):
        values = [
            f"data.faces={faces_file}",
            "data.size=64",
            "data.identities=2",
            "data.targets=1",
            "run.steps=3",
            "ema.every=1",
            "run.log_every=1",
            "run.threads=1",
            f"run.output={tmp_path / output}",
            *more,
        ]
        return ["-c", "configs/smoke.yml", *[word for value in values for word in ("-o", value)]]

    one = run_script("train", *settings("one", "optimizer.accumulate=2"))
    assert one.returncode == 0, one.stderr
    two, other = launch("tools/train.py", *settings("two"), root=root, logs=tmp_path / "logs")
    assert two.returncode == 0, two.stdout + two.stderr + other
    mine, theirs = (jsonl.read(tmp_path / name / "log.jsonl") for name in ("one", "two"))
    assert [line["seen"] for line in mine] == [line["seen"] for line in theirs] == [4, 8, 12]
    for a, b in zip(mine, theirs):
        for name in ("loss", "rec", "raw", "id", "mask", "alpha", "grad"):
            assert a[name] == pytest.approx(b[name], rel=1e-4), (a["step"], name)
    for name in ("one", "two"):
        assert (tmp_path / name / "checkpoints" / "step_00000003").is_dir()
    weights, same = (load_state(tmp_path / name / "mfs.pdparams") for name in ("one", "two"))
    learned = [name for name in weights if not name.endswith(("._mean", "._variance"))]  # not the running statistics
    assert max(abs(weights[name] - same[name]).max() for name in learned) < 1e-4
    assert "mfs.pdparams: 3 steps, 12 crops" in two.stdout
