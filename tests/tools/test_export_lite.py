"""tools/export_lite.py as a user runs it."""

import json
import re
import shutil
import zipfile

import pytest


def test_all_targets(run_script, samples, tmp_path):
    done = run_script(
        "export_lite", "--source", samples / "source.jpg", "--target", "all", "--explain", "--output", tmp_path
    )
    lines = [line for line in done.stdout.splitlines() if ".nb: " in line]
    assert done.returncode == 0 and len(lines) == 5, done.stdout + done.stderr
    assert all(f"source_{target}.nb: 2." in line for target, line in zip(("arm", "gpu", "npu", "nnapi", "x86"), lines))
    assert all(
        f", {network} upsampling, " in line for network, line in zip(["half-pixel"] * 2 + ["aligned"] * 3, lines)
    )
    assert "127 kernels" in lines[0] and "not run here" in lines[0] and "1 subgraph" in lines[2]
    assert "extra" not in done.stdout
    assert "simulated in fp16" in lines[1]
    assert "run: largest difference from dygraph" in lines[4]
    totals = [json.loads(path.read_text())["census"]["total"] for path in tmp_path.glob("*.json")]
    assert len(done.stdout.splitlines()) == 5 + sum(1 + total for total in totals), (
        "--explain: headers, a line a kernel"
    )
    assert re.search(r"^2 scale +arm +fp32 +def$", done.stdout, re.M), done.stdout
    card = json.loads((tmp_path / "source_x86.json").read_text())
    assert 0 < card["difference_from_dygraph"] <= 1e-5 and 1 < card["largest_value"]["value"] < 30000
    assert card["precision"] == "fp32" and card["census"]["kernels"]["conv2d"] == 18
    assert card["upsampling"] == "aligned" and card["provenance"]["weights"]["file"] == "mfs_224.pdparams"
    card = json.loads((tmp_path / "source_arm.json").read_text())
    assert card["upsampling"] == "half-pixel" and card["provenance"]["weights"]["file"] == "mfs_224_mobile.pdparams"


def test_the_public_network_on_a_phone(run_script, samples, tmp_path):
    words = ["--source", samples / "source.jpg", "--upsampling", "aligned", "--target", "arm", "--output", tmp_path]
    done = run_script("export_lite", *words)
    assert done.returncode == 0 and ", aligned upsampling, 56 kernels" in done.stdout, done.stderr
    card = json.loads((tmp_path / "source_arm.json").read_text())
    assert card["upsampling"] == "aligned" and card["provenance"]["weights"]["file"] == "mfs_224.pdparams"


def test_an_identity_file_is_exported_in_its_own_network(run_script, swapper, target, tmp_path):
    from paddle_mfs.swap.identity import save_identity

    save_identity(tmp_path / "who.identity", swapper.identity, target)
    words = ["--source", tmp_path / "who.identity", "--target", "arm", "--output", tmp_path]
    done = run_script("export_lite", *words, "--no-check")
    assert done.returncode == 0 and ", aligned upsampling, " in done.stdout, done.stderr


def test_old_name_and_no_check(run_script, samples, tmp_path):
    done = run_script(
        "export_lite", "--source", samples / "source.jpg", "--target", "opencl,x86", "--no-check", "--output", tmp_path
    )
    assert done.returncode == 0 and "not run here" in done.stdout.splitlines()[-1], done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.nb")) == ["source_gpu.nb", "source_x86.nb"]


def test_occlusion_too(run_script, samples, tmp_path):
    words = ["--source", samples / "source.jpg", "--target", "arm,x86", "--no-check", "--occlusion"]
    done = run_script("export_lite", *words, "--output", tmp_path)
    assert done.returncode == 0 and "run: largest difference" in done.stdout.splitlines()[-1], done.stderr
    cards = {target: json.loads((tmp_path / f"occlusion_{target}.json").read_text()) for target in ("arm", "x86")}
    assert cards["arm"]["difference_from_dygraph"] is None and 0 <= cards["x86"]["difference_from_dygraph"] <= 1e-4
    assert not any(card["census"]["needs_extra"] for card in cards.values()) and "extra" not in done.stdout
    assert all(card["bytes"] < 1e6 and "FFHQ" in card["weights"]["licence_note"] for card in cards.values())


def test_the_mobile_variant(run_script, samples, root, tmp_path):
    weights = root / "weights" / "mfs_224_mobile.pdparams"
    words = ["--source", samples / "source.jpg", "--weights", weights, "--output", tmp_path]
    done = run_script("export_lite", *words, "--target", "all")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 3 and "run: largest difference from dygraph" in lines[2], done.stderr
    cards = {target: json.loads((tmp_path / f"source_{target}.json").read_text()) for target in ("arm", "gpu", "x86")}
    assert cards["x86"]["difference_from_dygraph"] <= 1e-5
    assert cards["arm"]["census"]["kernels"]["transpose2"] == 20 and cards["arm"]["census"]["total"] == 127
    assert cards["gpu"]["census"]["kernels"]["conv2d_transpose"] == 10 and cards["gpu"]["census"]["cpu"] == 0
    assert cards["arm"]["provenance"]["weights"]["over"] == "mfs_224.pdparams"
    refused = run_script("export_lite", *words, "--target", "npu")
    assert refused.returncode == 2 and "mobile variant" in refused.stderr and refused.stderr.count("\n") == 1


def test_int8(run_script, samples, tmp_path):
    done = run_script(
        "export_lite",
        "--source",
        samples / "source.jpg",
        "--target",
        "npu",
        "--precision",
        "int8",
        "--output",
        tmp_path,
    )
    card = json.loads((tmp_path / "source_npu_int8.json").read_text())
    measured = card["int8"]["measured"]
    assert done.returncode == 0 and f"simulated: {measured['psnr_db']:.1f} dB against fp32, distance" in done.stdout, (
        done.stderr
    )
    assert card["precision"] == "int8" and measured["psnr_db"] >= 35 and measured["crops"] == 4
    assert card["int8"]["calibration"]["crops"] == 8 and "difference from dygraph" not in done.stdout


def test_int8_calibrated_on_a_folder(run_script, samples, tmp_path):
    faces = tmp_path / "faces"
    faces.mkdir()
    for picture in sorted((samples / "faces").glob("*.jpg"))[:6]:
        shutil.copy(picture, faces)
    words = ["--source", samples / "source.jpg", "--target", "arm", "--precision", "int8", "--output", tmp_path]
    done = run_script("export_lite", *words, "--calibration", faces, "--no-check")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "source_arm_int8.json").read_text())["int8"]
    assert facts["calibration"]["crops"] == 4, "two of three faces"


def test_fp16(run_script, samples, tmp_path):
    words = ["--source", samples / "source.jpg", "--target", "arm", "--precision", "fp16", "--output", tmp_path]
    done = run_script("export_lite", *words)
    assert done.returncode == 0 and f"{tmp_path / 'source_arm_fp16.nb'}: " in done.stdout, done.stderr
    assert json.loads((tmp_path / "source_arm_fp16.json").read_text())["precision"] == "fp16"


@pytest.mark.slow
def test_a_bundle_of_one_face(run_script, samples, tmp_path):
    words = ["--bundle", tmp_path / "small.zip", "--source", samples / "source.jpg", "--no-injection"]
    done = run_script("export_lite", *words, "--target", "arm", "--precision", "int8")
    assert done.returncode == 0 and "idn.nb: 1.0" in done.stdout, done.stderr
    with zipfile.ZipFile(tmp_path / "small.zip") as archive:
        deploy = json.loads(archive.read("deploy.json"))
    idn = deploy["networks"]["idn"]
    assert idn["weights"] == "int8" and idn["int8"]["measured"]["psnr_db"] >= 35 and deploy["patch"] is None
    assert "stored in 8 bits" in deploy["patch_refused"] and deploy["identities"][0]["file"] == "idn.nb"


@pytest.mark.slow
def test_int8_explains_every_layer(run_script, samples, tmp_path):
    done = run_script(
        "export_lite",
        "--source",
        samples / "source.jpg",
        "--target",
        "arm",
        "--precision",
        "int8",
        "--explain",
        "--output",
        tmp_path,
    )
    found = json.loads((tmp_path / "source_arm_int8.json").read_text())["int8"]["sensitivity_db"]
    assert done.returncode == 0 and len(found) == 23 and min(found.values()) > 35, done.stderr
    assert all(f"{layer} " in done.stdout for layer in found) and "calib" in done.stdout


def test_what_makes_no_sense_is_refused(run_script, run_here, samples, tmp_path):
    cases = (
        (["--target", "cuda"], "choose among arm, gpu, npu, nnapi, x86, all"),
        (["--target", "gpu", "--precision", "fp16"], "at run time"),
        (["--target", "x86", "--precision", "int8"], "wrong pixels"),
        (["--target", "npu", "--precision", "int8", "--calibration", tmp_path / "none"], "no such folder or file"),
        (["--source", tmp_path / "nobody.jpg"], "nobody.jpg"),
        (["--target", "nnapi", "--upsampling", "half-pixel"], "--upsampling aligned"),
        (["--weights", "weights/mfs_224.pdparams", "--upsampling", "aligned"], "leave it out"),
    )
    for number, (words, told) in enumerate(cases):
        run = run_here if number else run_script
        done = run("export_lite", "--source", samples / "source.jpg", "--output", tmp_path / "out", *words)
        assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not list(tmp_path.iterdir())
