"""tools/train_quality.py the way a user runs it: both kinds of labels, resume, the sheet of alphas, one-line errors."""

import numpy as np
import pytest

from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.models.quality import load_quality
from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils import jsonl
from paddle_mfs.weights import read_card


@pytest.fixture(scope="module")
def place(run_script, samples, tmp_path_factory):
    """A folder with data/faces as tools/prepare_data.py makes it, which is where configs/quality.yml looks."""
    folder = tmp_path_factory.mktemp("place")
    done = run_script("prepare_data", samples / "faces", "--output", "data/faces", "--workers", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def options(*pairs):
    return [word for pair in pairs for word in ("-o", pair)]


def test_degradations_then_resume_then_sheet(run_script, root, place, tmp_path):
    out = tmp_path / "quality"
    common = [
        "-c",
        root / "configs/quality.yml",
        *options(
            "data.held_out=0.5",
            "data.sizes=[128]",
            "network.width=8",
            "run.batch=4",
            "run.judged=2",
            "run.log_every=1",
            f"run.output={out}",
        ),
    ]
    done = run_script("train_quality", *common, *options("run.steps=2"), cwd=place)
    assert done.returncode == 0, done.stderr
    card, lines = read_card(out / "quality.pdparams"), jsonl.read(out / "log.jsonl")
    assert [(line["step"], line["seen"]) for line in lines] == [(1, 4), (2, 8)]
    assert {"minutes", "lr", "loss", "ips", "reader_cost", "batch_cost"} <= lines[0].keys()
    assert (
        card["made"]["steps"] == 2
        and card["made"]["images"] == 8
        and "FFHQ" in card["licence_note"]
        and card["parameters"] < 200_000
    )
    assert {"mse", "mse_of_a_constant", "spearman", "kinds"} <= card["heldout"].keys() and '"spearman"' in done.stdout
    assert load_quality(out / "quality.pdparams").conv1.weight.shape[0] == 8

    again = run_script("train_quality", *common, *options("run.steps=3"), cwd=place)
    assert again.returncode == 2 and "--resume" in again.stderr and again.stderr.count("\n") == 1
    for step in (3, 4):  # of a run that was killed after its last checkpoint
        jsonl.append(out / "log.jsonl", {"step": step, "seen": 4 * step, "loss": 9.0})
    resumed = run_script("train_quality", *common, *options("run.steps=3"), "--resume", cwd=place)
    assert resumed.returncode == 0 and "3 steps" in resumed.stdout and "step 1 " not in resumed.stdout
    assert [(line["step"], line["seen"]) for line in jsonl.read(out / "log.jsonl")] == [(1, 4), (2, 8), (3, 12)]

    sheet = tmp_path / "alphas.png"
    drawn = run_script(
        "train_quality", *common, "--sheet", sheet, "--weights", out / "quality.pdparams", "--pairs", "6", cwd=place
    )
    assert drawn.returncode == 0, drawn.stderr
    assert read_image(sheet).shape == (3 * 148, 2 * 384 + 12, 3) and read_provenance(sheet)["synthetic"]
    assert "alpha of 6 pairs" in drawn.stdout


def test_snapshots(run_script, tmp_path):
    rng = np.random.default_rng(0)
    for index, step in enumerate(("100", "200")):
        for i in range(10):
            write_image(
                tmp_path / "teacher" / step / f"{i}.png", rng.integers(0, 120 * index + 15, (112, 112, 3), np.uint8)
            )
    done = run_script(
        "train_quality",
        "-c",
        "configs/quality.yml",
        *options(
            "labels=snapshots",
            f"data.snapshots={tmp_path / 'teacher'}",
            "data.held_out=0.4",
            "network.width=8",
            "run.batch=8",
            "run.steps=2",
            f"run.output={tmp_path / 'quality'}",
        ),
    )
    assert done.returncode == 0, done.stderr
    assert list(read_card(tmp_path / "quality" / "quality.pdparams")["heldout"]["kinds"]) == ["100", "200"]


@pytest.mark.parametrize(
    "setting, message",
    [
        ("labels=guesses", "degradations, snapshots"),
        ("labels=snapshots", "data.snapshots"),
        ("data.faces=nowhere.npz", "nowhere.npz"),
        ("run.minutes=0", "run.steps"),
    ],
)
def test_bad_settings_are_one_line(run_script, root, place, tmp_path, setting, message):
    done = run_script(
        "train_quality",
        "-c",
        root / "configs/quality.yml",
        *options("data.held_out=0.5", f"run.output={tmp_path / 'q'}", setting),
        cwd=place,
    )
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
