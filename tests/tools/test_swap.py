"""tools/swap.py as a user runs it."""
import shutil

import numpy as np
import pytest

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.background import background_psnr
from paddle_mfs.provenance import read_provenance


def one_line(done, *words):
    """The tool failed with one line that holds the words, not a stack trace."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2 and len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


def test_one_picture(run_script, samples, tmp_path):
    output = tmp_path / "out" / "swapped.png"
    done = run_script("swap", "--source", samples / "source.jpg", "--target", samples / "target.jpg", "--output", output)
    assert done.returncode == 0 and done.stdout == f"{output}\n", done.stderr
    target, result = read_image(samples / "target.jpg"), read_image(output)
    oval = oval_mask(FaceAnalyser().largest(target).landmarks, *target.shape[:2])
    assert background_psnr(result, target, oval) >= 40
    assert np.abs(result[oval > 0].astype(int) - target[oval > 0]).mean() > 4
    assert read_provenance(output)["synthetic"] is True


@pytest.mark.parametrize("engine", ["paddle", "lite"])
def test_engines_write_the_same_picture(run_script, samples, tmp_path, engine, swapper):
    output = tmp_path / "swapped.png"
    done = run_script("swap", "--source", samples / "source.jpg", "--target", samples / "target.jpg", "--output", output,
                      "--engine", engine)
    assert done.returncode == 0 and not done.stderr, done.stderr
    target, result = read_image(samples / "target.jpg"), read_image(output).astype(int)
    difference, change = np.abs(result - swapper.swap(target)), np.abs(result - target)
    assert difference.max() <= 4 < 20 < change.max() and difference.mean() < 0.01 < 0.5 < change.mean()


def test_default_name_and_compare(run_script, samples, tmp_path):
    done = run_script("swap", "--source", samples / "source.jpg", "--target", samples / "target.jpg", "--compare", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip() == "output/target_source.png", done.stderr
    assert read_image(tmp_path / done.stdout.strip()).shape == (512, 3 * 512 + 2 * 8, 3)


def test_folder_goes_on_and_resumes(run_script, samples, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for path in sorted((samples / "faces").glob("*.jpg"))[:2]:
        shutil.copy(path, folder)
    (folder / "broken.jpg").write_text("no picture")
    names = {path.stem for path in folder.iterdir()} - {"broken"}
    arguments = ("swap", "--source", samples / "source.jpg", "--target", folder, "--output", out)
    done = run_script(*arguments)
    assert done.returncode == 1 and "2 written, 0 kept from before, 1 failed" in done.stdout
    assert [line for line in done.stderr.splitlines() if "broken.jpg" in line and line.startswith("error: ")]
    assert {path.stem for path in out.iterdir()} == names
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    (folder / "broken.jpg").unlink()
    done = run_script(*arguments)
    assert done.returncode == 0 and "0 written, 2 kept from before, 0 failed" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert "2 written" in run_script(*arguments, "--overwrite").stdout


@pytest.mark.parametrize("name, content, words", [
    ("text.jpg", b"these are words", ("text.jpg", "not a picture")),
    ("empty.png", b"", ("empty.png", "is empty")),
    ("gone.jpg", None, ("gone.jpg", "no such file")),
])
def test_bad_source(run_script, samples, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run_script("swap", "--source", tmp_path / name, "--target", samples / "target.jpg", "--output", tmp_path / "x.png")
    one_line(done, *words)
    assert not (tmp_path / "x.png").exists()


def test_bad_targets_and_outputs(run_script, samples, tmp_path):
    from PIL import Image
    Image.new("RGB", (300, 300), (90, 120, 90)).save(tmp_path / "wall.png")
    wall, good = tmp_path / "wall.png", samples / "target.jpg"

    def swap(target, output, *options):
        return run_script("swap", "--source", samples / "source.jpg", "--target", target, "--output", output, *options)

    one_line(swap(wall, tmp_path / "x.png"), "wall.png", "no face found")
    one_line(swap(good, wall / "x.png"), "cannot be written")
    one_line(swap(good, good), "is an input")
    one_line(swap(good, tmp_path / "x.png", "--face", "3"), "target.jpg", "no face 3")
    one_line(swap(good, tmp_path / "x.png", "--weights", tmp_path / "no.pdparams"), "no.pdparams: no such weights file")
    one_line(swap(good, tmp_path / "x.png", "--weights", wall), "wall.png: not a readable weights file")
    assert [path.name for path in tmp_path.iterdir()] == ["wall.png"]
