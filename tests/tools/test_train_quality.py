"""tools/train_quality.py the way a user runs it: both kinds of labels, resume, the sheet of alphas, errors of one line."""

import json

import numpy as np
import pytest

from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.models.quality import load_quality
from paddle_mfs.provenance import read_provenance
from paddle_mfs.weights import read_card


@pytest.fixture(scope="module")
def faces(samples, tmp_path_factory):
    from paddle_mfs.data.crops import prepare, save_crops

    path = tmp_path_factory.mktemp("data") / "faces.npz"
    save_crops(path, prepare(samples / "faces"))
    return path


def options(*pairs):
    return [word for pair in pairs for word in ("-o", pair)]


def test_degradations_then_resume_then_sheet(run_script, faces, tmp_path):
    out = tmp_path / "quality"
    common = [
        "-c",
        "configs/quality.yml",
        *options(
            f"data.faces={faces}",
            "data.held_out=0.3",
            "data.sizes=[128]",
            "network.width=8",
            "run.batch=4",
            "run.judged=2",
            "run.log_every=1",
            f"run.output={out}",
        ),
    ]
    done = run_script("train_quality", *common, *options("run.steps=2"))
    assert done.returncode == 0, done.stderr
    card, lines = read_card(out / "quality.pdparams"), (out / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
    assert card["made"]["steps"] == 2 and "FFHQ" in card["licence_note"] and card["parameters"] < 200_000
    assert {"mse", "mse_of_a_constant", "spearman", "kinds"} <= card["heldout"].keys() and '"spearman"' in done.stdout
    assert load_quality(out / "quality.pdparams").conv1.weight.shape[0] == 8

    again = run_script("train_quality", *common, *options("run.steps=3"))
    assert again.returncode == 2 and "--resume" in again.stderr and again.stderr.count("\n") == 1
    resumed = run_script("train_quality", *common, *options("run.steps=3"), "--resume")
    assert resumed.returncode == 0 and "3 steps" in resumed.stdout and "step 1 " not in resumed.stdout

    sheet = tmp_path / "alphas.png"
    drawn = run_script(
        "train_quality", *common, "--sheet", sheet, "--weights", out / "quality.pdparams", "--pairs", "6"
    )
    assert drawn.returncode == 0, drawn.stderr
    assert read_image(sheet).shape == (3 * 146, 2 * 384 + 12, 3) and read_provenance(sheet)["synthetic"]
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
def test_bad_settings_are_one_line(run_script, faces, tmp_path, setting, message):
    done = run_script(
        "train_quality",
        "-c",
        "configs/quality.yml",
        *options(f"data.faces={faces}", "data.held_out=0.3", f"run.output={tmp_path / 'q'}", setting),
    )
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
