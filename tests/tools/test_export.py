"""tools/export.py as a user runs it."""

import yaml


def test_export(run_script, samples, tmp_path):
    folder = tmp_path / "model"
    done = run_script("export", "--source", samples / "source.jpg", "--output", folder)
    assert done.returncode == 0 and done.stdout.startswith(f"{folder}: largest difference from dygraph"), done.stderr
    assert yaml.safe_load((folder / "deploy.yml").read_text())["difference_from_dygraph"] <= 1e-5
    assert (folder / "idn.pdmodel").stat().st_size > 10_000 and (folder / "idn.pdiparams").stat().st_size > 1_900_000


def test_bad_output(run_here, samples, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    done = run_here("export", "--source", samples / "source.jpg", "--output", tmp_path)
    assert done.returncode == 2 and "is no earlier export" in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
