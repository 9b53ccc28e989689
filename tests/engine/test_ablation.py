"""tools/ablate.py as a user runs it: a table, a picture, nothing run twice."""

import csv
import json

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import read_provenance


def test_two_configs_are_compared_and_resumed(run_script, root, faces_file, tmp_path):
    configs = ["configs/smoke.yml", tmp_path / "no_mask.yml"]
    configs[1].write_text(
        f"_base_: {root / 'configs' / 'smoke.yml'}\nmodel:\n  fusion_mask: false\n  modulation: false\n"
        "loss:\n  weights:\n    mask: 0.0\n"
    )
    arguments = [
        *configs,
        "--output",
        tmp_path / "out",
        "--pairs",
        2,
        "-o",
        f"data.faces={faces_file}",
        "-o",
        "data.size=64",
        "-o",
        "data.identities=2",
        "-o",
        "run.threads=1",
    ]
    done = run_script("ablate", *arguments, "--steps", 2)
    assert done.returncode == 0, done.stderr
    output = tmp_path / "out"
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


def test_wrong_arguments_are_one_line(run_script, tmp_path):
    for arguments, told in (
        (["configs/smoke.yml", "configs/../configs/smoke.yml"], "same file name"),
        (["configs/smoke.yml", "-o", "optimizer.lr=0"], "optimizer.lr is 0.0"),
    ):
        done = run_script("ablate", *arguments, "--steps", 2, "--output", tmp_path)
        assert done.returncode == 2 and told in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
