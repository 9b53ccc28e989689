"""tools/evaluate.py from start to end on four pairs, and what it refuses."""

import json
import shutil

import pytest
from PIL import Image

from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import load_pairs, load_sets
from paddle_mfs.metrics.report import sets_text, update_card, worst
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, load_state, read_card, save_state, write_card


def test_four_pairs_end_to_end(run_script, tmp_path):
    weights = tmp_path / "mine.pdparams"
    shutil.copy(bundled("mfs_224"), weights)
    write_card(weights, {"origin": "a copy", "sha256": "stale"})
    done = run_script(
        "evaluate",
        "--weights",
        weights,
        "--pairs",
        4,
        "--output",
        tmp_path / "report.json",
        "--sheet",
        tmp_path / "sheet.png",
        "--update-card",
    )
    assert done.returncode == 0, done.stderr
    assert "no_swap" in done.stdout and "mesh_teacher" in done.stdout and "progress" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    methods = report["methods"]
    assert report["pairs"]["count"] == 4 == len(report["per_pair"]["result"])
    assert report["recogniser"]["name"] == "dlib_resnet" and len(report["weights"]["sha256"]) == 64
    for line in methods.values():
        assert line["distance"]["low"] <= line["distance"]["value"] <= line["distance"]["high"]
    assert methods["result"]["distance"]["value"] < methods["no_swap"]["distance"]["value"]
    assert methods["mesh_teacher"]["background_psnr_db"] > 40 and methods["result"]["background_psnr_db"] > 40
    assert Image.open(tmp_path / "sheet.png").size == (4 * 224, 4 * 224)
    card = read_card(weights)
    assert card["origin"] == "a copy" and card["sha256"] == report["weights"]["sha256"]
    assert card["heldout"]["progress"] == report["progress"] and "per_pair" not in card["heldout"]


def test_several_sets_make_one_table(run_script, tmp_path):
    words = ["--faces", "samples/heldout", "samples/hard/covered", "--pairs", 2, "--output", tmp_path / "report.json"]
    done = run_script("evaluate", *words, "--sheet", tmp_path / "s.png", "--worst-sheet", tmp_path / "worst.png")
    assert done.returncode == 0, done.stderr
    title, headers, plain, hard = done.stdout.splitlines()
    assert title.startswith("result of each set") and headers.split()[-3:] == ["progress", "to", "heldout"]
    assert plain.startswith("heldout") and plain.endswith("1.00") and hard.startswith("covered")
    assert "covered (worst)" in headers and hard.count(" dB (") == plain.count(" dB (") + 1
    reports = json.loads((tmp_path / "report.json").read_text())["sets"]
    assert sets_text(reports) == done.stdout.rstrip("\n")
    assert 15 < reports["covered"]["methods"]["result"]["covered_psnr_db"] < 100
    for name in reports:
        assert Image.open(tmp_path / f"s_{name}.png").size == (4 * 224, 2 * 224)
        assert Image.open(tmp_path / f"worst_{name}.png").size == (4 * 224, 224)


def test_the_worst_tenth():
    distances = [0.5] * 28 + [0.7, 0.9]
    report = {"methods": {"result": {}}, "per_pair": {"no_swap": [1.0] * 30, "result": distances}}
    assert worst(report) == [29, 28, 0]
    assert worst({**report, "methods": {"mesh_teacher": {}}, "per_pair": {"mesh_teacher": [0.1, 0.2]}}) == [1]


def test_a_folder_of_sets(samples, tmp_path):
    picture = str(samples / "source.jpg")
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pairs.json").write_text(json.dumps({"pairs": [[picture, picture]]}))
    assert list(load_sets([tmp_path])) == ["a", "b"] and list(load_sets([tmp_path / "b", tmp_path / "a"])) == ["b", "a"]
    with pytest.raises(UserError, match="a set of that name"):
        load_sets([tmp_path, tmp_path / "a"])
    with pytest.raises(UserError, match="pairs.json: not found"):
        load_sets([tmp_path / "nothing"])
    listed = {"pairs": [[picture, picture]], "masks": {picture: "gone.png"}}
    (tmp_path / "a" / "pairs.json").write_text(json.dumps(listed))
    with pytest.raises(UserError, match="gone.png"):
        load_sets([tmp_path])
    (tmp_path / "a" / "pairs.json").write_text(json.dumps({**listed, "masks": ["x.png"]}))
    with pytest.raises(UserError, match="not a list"):
        load_sets([tmp_path])


def test_another_crop_size_is_measured_at_224(run_script, samples, tmp_path):
    report, rows = evaluate(load_pairs(samples / "heldout", 1), NetworkSwap(bundled("mfs_224"), 128))
    assert report["weights"]["size"] == 128 and rows[0].result.shape == (224, 224, 3)
    words = ["--weights", bundled("mfs_224"), "--size", 128, "--pairs", 1, "--output", tmp_path / "report.json"]
    done = run_script("evaluate", *words)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["weights"]["size"] == 128
    assert told["methods"]["result"]["distance"]["value"] == pytest.approx(
        report["methods"]["result"]["distance"]["value"], abs=1e-3
    )


def test_what_it_refuses(run_here, samples, tmp_path):
    with pytest.raises(UserError, match="pairs.json"):
        load_pairs(tmp_path)
    (tmp_path / "pairs.json").write_text('{"pairs": [["a.jpg"]]}')
    with pytest.raises(UserError, match="not a list of pairs"):
        load_pairs(tmp_path)
    (tmp_path / "pairs.json").write_text('{"pairs": [["a.jpg", "b.jpg"]]}')
    with pytest.raises(UserError, match="a.jpg"):
        load_pairs(tmp_path)
    with pytest.raises(UserError, match="1 to 200"):
        load_pairs(samples / "heldout", 201)
    with pytest.raises(UserError, match="--size 100"):
        NetworkSwap(bundled("mfs_224"), 100)
    done = run_here("evaluate", "--faces", "samples/hard", "--update-card")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "a set named heldout" in done.stderr
    done = run_here("evaluate", "--weights", tmp_path / "nothing.pdparams", "--pairs", 1)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "nothing.pdparams" in done.stderr


def test_a_sheet_of_an_unknown_kind_is_refused_before_anything_is_measured(run_script, tmp_path):
    done = run_script("evaluate", "--baselines-only", "--pairs", 1, "--sheet", tmp_path / "sheet.badsuffix")
    assert done.returncode == 2 and done.stdout == "" and not list(tmp_path.iterdir())
    assert done.stderr.count("\n") == 1 and "sheet.badsuffix: cannot write this kind of picture" in done.stderr


def test_a_card_must_exist_to_be_updated(tmp_path):
    weights = tmp_path / "bare.pdparams"
    save_state(weights, {"a": load_state(bundled("blazeface")).popitem()[1]})
    with pytest.raises(UserError, match="bare.json"):
        update_card(weights, {"per_pair": {}})
