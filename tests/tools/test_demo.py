"""tools/demo.py and tools/benchmark.py as a user runs them."""

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


def test_benchmark(run_script):
    table = run_script("benchmark", "--repeats", 1)
    assert table.returncode == 0 and "IDN parameters" in table.stdout and "all but the IDN" in table.stdout, (
        table.stderr
    )
    numbers = json.loads(run_script("benchmark", "--repeats", 1, "--json").stdout)
    assert (
        numbers["parameters"] <= 0.501e6 and numbers["macs"]["total"] <= 0.33e9 and numbers["ratio_to_idn"]["IDN"] == 1
    )


def test_export_report(run_script):
    table = run_script("benchmark", "--export", "--repeats", 1).stdout
    assert "| arm fp32 | 145 | 55 |" in table and "| OpenVINO |" in table
    assert json.loads(run_script("benchmark", "--export", "--repeats", 1, "--json").stdout)["ratios"]["Paddle-Lite x86"]
