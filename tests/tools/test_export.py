"""tools/export.py as a user runs it."""

import json

import yaml


def test_export(run_script, samples, tmp_path):
    folder = tmp_path / "model"
    done = run_script("export", "--source", samples / "source.jpg", "--output", folder, "--occlusion")
    assert done.returncode == 0 and done.stdout.startswith(f"{folder}: largest difference from dygraph"), done.stderr
    assert yaml.safe_load((folder / "deploy.yml").read_text())["difference_from_dygraph"] <= 1e-5
    assert (folder / "idn.pdmodel").stat().st_size > 10_000 and (folder / "idn.pdiparams").stat().st_size > 1_900_000
    card = json.loads((folder / "occlusion.json").read_text())
    assert card["difference_from_dygraph"] <= 1e-4 and (folder / "occlusion.pdmodel").stat().st_size == card["bytes"]
    assert 400_000 < (folder / "occlusion.pdiparams").stat().st_size < 1_000_000


def test_bad_output(run_here, samples, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    done = run_here("export", "--source", samples / "source.jpg", "--output", tmp_path)
    assert done.returncode == 2 and "is no earlier export" in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
