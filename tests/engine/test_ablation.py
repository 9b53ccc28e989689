"""tools/ablate.py as a user runs it: a table, a picture, nothing run twice; and tools/results.py, which measures what
it trained."""

import csv
import json

import pytest
from PIL import Image

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import read_provenance


@pytest.fixture(scope="module")
def trained(run_script, root, faces_file, tmp_path_factory):
    """Two configs trained for two steps -> folder of the runs, the words of the command, what it did."""
    folder = tmp_path_factory.mktemp("ablation")
    configs = ["configs/smoke.yml", folder / "no_mask.yml"]
    configs[1].write_text(
        f"# Ablation. No mask, no modulation.\n_base_: {root / 'configs' / 'smoke.yml'}\n"
        "model:\n  fusion_mask: false\n  modulation: false\nloss:\n  weights:\n    mask: 0.0\n"
    )
    settings = [f"data.faces={faces_file}", "data.size=64", "data.identities=2", "run.threads=1"]
    words = [*configs, "--output", folder / "out", "--pairs", 2, *(word for one in settings for word in ("-o", one))]
    return folder / "out", words, run_script("ablate", *words, "--steps", 2)


def test_two_configs_are_compared_and_resumed(run_script, trained):
    output, arguments, done = trained
    assert done.returncode == 0, done.stderr
    with open(output / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["config"] for row in rows] == ["smoke", "no_mask"] and all(row["crops"] == "8" for row in rows)
    assert float(rows[0]["distance"]) != float(rows[1]["distance"]) > 0 and float(rows[1]["open"]) == 1
    assert len((output / "table.md").read_text().splitlines()) == 4
    assert read_image(output / "sheet.png").shape == (5 * 224, 150 + 2 * 224, 3)
    for path in (output / "sheet.png", output / "smoke" / "pictures" / "0_result.png"):
        assert read_provenance(path)["synthetic"]
    assert read_provenance(output / "smoke" / "pictures" / "0_source.png") is None
    before = {name: (output / name / "mfs.pdparams").stat().st_mtime_ns for name in ("smoke", "no_mask")}
    (output / "no_mask" / "result.json").unlink()  # as if it had been interrupted at the end
    again = run_script("ablate", *arguments, "--steps", 2)
    assert "smoke: finished already" in again.stdout and "no_mask: finished already" not in again.stdout
    assert (output / "smoke" / "mfs.pdparams").stat().st_mtime_ns == before["smoke"]
    assert json.loads((output / "no_mask" / "result.json").read_text())["row"]["distance"] == float(rows[1]["distance"])
    other = run_script("ablate", *arguments, "--steps", 3)
    assert other.returncode == 2 and "other settings" in other.stderr and len(other.stderr.strip().splitlines()) == 1


def test_the_page_of_results(run_script, trained, samples, tmp_path):
    output, arguments, _ = trained
    configs, settings = arguments[:2], [*arguments[7::2], "run.steps=2"]
    words = [
        *("-o", "count=2", "-o", "methods=[ours, none]"),
        *("-o", f"sets=[{samples / 'heldout'}, {samples / 'hard' / 'covered'}]"),
        *("-o", f"ablations.configs={json.dumps([str(path) for path in configs])}"),
        *("-o", f"ablations.settings={json.dumps(settings)}", "-o", f"ablations.output={output}"),
    ]
    done = run_script("results", *words, "--output", tmp_path / "page.md", "--reports", tmp_path / "reports")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("finished already") == 2  # the page takes what was trained before
    text = (tmp_path / "page.md").read_text()
    assert "python tools/results.py -o count=2" in text and "- `no_mask`: No mask, no modulation." in text
    reports = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "reports").iterdir()}
    assert list(reports["networks"]["methods"]) == ["ours", "none"] and len(reports["ablations"]["methods"]) == 3
    distances = [one["metrics"]["id_distance"]["value"] for one in reports["ablations"]["methods"].values()]
    assert len(set(distances)) == 3 and all(f"{distance:.3f}" in text for distance in distances)
    less = text.partition("`smoke` less the row")[2]
    assert f"{distances[0] - distances[1]:.3f}" in less.partition("`no_mask`")[2]
    sets = reports["groups"]["methods"]["ours"]["groups"]["set"]
    assert {name: one["count"] for name, one in sets.items()} == {"heldout": 2, "covered": 2}
    assert "set: covered" in text and f"{sets['covered']['id_distance']['value']:.3f}" in text
    assert Image.open(tmp_path / "page" / "networks.jpg").size == (4 * 224, 2 * 224)
    assert Image.open(tmp_path / "page" / "ablations.jpg").size == (5 * 224, 2 * 224)


def test_wrong_arguments_are_one_line(run_script, tmp_path):
    for arguments, told in (
        (["configs/smoke.yml", "configs/../configs/smoke.yml"], "same file name"),
        (["configs/smoke.yml", "-o", "optimizer.lr=0"], "optimizer.lr is 0.0"),
    ):
        done = run_script("ablate", *arguments, "--steps", 2, "--output", tmp_path)
        assert done.returncode == 2 and told in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
