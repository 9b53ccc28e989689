"""tools/train.py as a user runs it: the smoke run, Ctrl-C and --resume, settings that are wrong."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from paddle_mfs.engine.checkpoint import checkpoints
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.utils import jsonl


@pytest.fixture
def tiny(faces_file, tmp_path):
    """tiny("run.steps=3", ...) -> arguments of a small run."""

    def arguments(*more):
        small = [f"data.faces={faces_file}", "data.size=64", "data.identities=2", f"run.output={tmp_path / 'run'}"]
        return ["-c", "configs/smoke.yml", *[word for setting in (*small, *more) for word in ("-o", setting)]]

    return arguments


def test_smoke_run_trains_and_leaves_everything(run_script, tmp_path):
    """With a third of the faces in a batch; else as it is."""
    settings = ("-o", "data.identities=2", "-o", f"run.output={tmp_path / 'run'}")
    done = run_script("train", "-c", "configs/smoke.yml", *settings)
    assert done.returncode == 0, done.stderr
    assert "20 steps, 80 crops" in done.stdout
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [5, 10, 15, 20]
    assert log[-1]["loss"] < log[0]["loss"]
    assert load_mfs(tmp_path / "run" / "mfs.pdparams").residual
    assert (tmp_path / "run" / "previews" / "00000020.png").is_file() and (tmp_path / "run" / "curve.png").is_file()


def test_ctrl_c_saves_and_resume_goes_on(run_script, root, tiny, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "tools/train.py", *tiny("run.steps=100000", "run.log_every=1")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    log = tmp_path / "run" / "log.jsonl"
    deadline = time.time() + 240
    while time.time() < deadline and not (log.is_file() and log.stat().st_size):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 130 and "checkpoint saved" in out and "Traceback" not in error, (out, error)
    again = run_script("train", *tiny("run.steps=1"))
    assert again.returncode == 2 and "--resume" in again.stderr
    reached = json.loads(log.read_text().splitlines()[-1])["step"]
    resumed = run_script("train", *tiny(f"run.steps={reached + 2}"), "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert f"{reached + 2} steps" in resumed.stdout


def test_killed_it_loses_one_checkpoint_interval_at_most(run_script, root, tiny, tmp_path):
    settings = "run.log_every=1", "run.checkpoint_minutes=0", "run.keep=2"
    process = subprocess.Popen(
        [sys.executable, "tools/train.py", *tiny("run.steps=100000", *settings)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = tmp_path / "run" / "log.jsonl"
    deadline = time.time() + 240
    while time.time() < deadline and len(jsonl.read(log)) < 4:
        time.sleep(0.2)
    process.kill()
    process.wait()
    reached, saved = jsonl.read(log)[-1]["step"], checkpoints(tmp_path / "run" / "checkpoints")
    assert reached >= 4 and int(saved[-1].name.split("_")[1]) >= reached - 1
    resumed = run_script("train", *tiny(f"run.steps={reached + 1}", *settings), "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert [line["step"] for line in jsonl.read(log)] == list(range(1, reached + 2))


def test_wrong_settings_are_one_line(run_script, run_here, tiny, tmp_path):
    for run, arguments, message in (
        (run_here, ["-c", "configs/nothing.yml"], "configs/nothing.yml"),
        (run_here, tiny("run.step=3"), "did you mean run.steps"),
        (run_here, tiny("optimizer.lr=-1"), "-o optimizer.lr=-1: optimizer.lr is -1.0; it must be above"),
        (run_script, ["-c", "configs/smoke.yml", "-o", f"run.output={tmp_path}/x", "--resume"], "no checkpoint"),
    ):
        done = run("train", *arguments)
        assert done.returncode == 2 and message in done.stderr and len(done.stderr.strip().splitlines()) == 1, (
            done.stderr
        )
