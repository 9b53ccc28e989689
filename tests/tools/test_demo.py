"""tools/demo.py as a user runs it."""

import json

from paddle_mfs.face.image import read_image


def test_demo(run_script, tmp_path):
    done = run_script("demo", "--output", tmp_path)
    picture, model = (line.split(": ")[0] for line in done.stdout.splitlines())
    assert done.returncode == 0 and picture == str(tmp_path / "demo.png") and model == str(tmp_path / "demo_x86.nb"), (
        done.stderr
    )
    assert read_image(picture).shape[1] == 3 * 512 + 2 * 8
    assert json.loads((tmp_path / "demo_x86.json").read_text())["difference_from_dygraph"] <= 1e-5
