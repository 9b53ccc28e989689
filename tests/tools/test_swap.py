"""tools/swap.py as a user runs it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.background import background_psnr
from paddle_mfs.provenance import picture_sha256, read_provenance


def one_line(done, *words):
    """The tool failed with one line that holds the words, not a stack trace."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2 and len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


def test_one_picture(run_script, samples, tmp_path):
    output = tmp_path / "out" / "swapped.png"
    done = run_script(
        "swap", "--source", samples / "source.jpg", "--target", samples / "target.jpg", "--output", output
    )
    assert done.returncode == 0 and done.stdout == f"{output}\n", done.stderr
    target, result = read_image(samples / "target.jpg"), read_image(output)
    oval = oval_mask(FaceAnalyser().largest(target).landmarks, *target.shape[:2])
    assert background_psnr(result, target, oval) >= 40
    assert np.abs(result[oval > 0].astype(int) - target[oval > 0]).mean() > 4
    assert read_provenance(output)["synthetic"] is True


@pytest.mark.parametrize("engine", ["paddle", "lite"])
def test_engines_write_the_same_picture(run_script, samples, tmp_path, engine, swapper):
    output = tmp_path / "swapped.png"
    done = run_script(
        "swap",
        "--source",
        samples / "source.jpg",
        "--target",
        samples / "target.jpg",
        "--output",
        output,
        "--engine",
        engine,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    target, result = read_image(samples / "target.jpg"), read_image(output).astype(int)
    difference, change = np.abs(result - swapper.swap(target)), np.abs(result - target)
    assert difference.max() <= 4 < 20 < change.max() and difference.mean() < 0.01 < 0.5 < change.mean()


def test_default_name_and_compare(run_script, samples, tmp_path):
    done = run_script(
        "swap", "--source", samples / "source.jpg", "--target", samples / "target.jpg", "--compare", cwd=tmp_path
    )
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
    assert done.returncode == 1 and done.stdout.endswith("2 written, 0 kept from before, 1 failed\n")
    rows = {Path(row.split()[0]).name: row for row in done.stdout.splitlines()[1:-1]}
    assert " failed " in rows["broken.jpg"] and "not a picture" in rows["broken.jpg"] and len(rows) == 3
    assert [line for line in done.stderr.splitlines() if "broken.jpg" in line and line.startswith("error: ")]
    assert {path.stem for path in out.iterdir()} == names
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    (folder / "broken.jpg").unlink()
    done = run_script(*arguments, "--skip-existing")
    assert done.returncode == 0 and "0 written, 2 kept from before, 0 failed" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert "2 written" in run_script(*arguments).stdout
    assert all(path.stat().st_mtime_ns > time for path, time in before.items())


def test_two_sources_and_a_pattern(run_script, samples, tmp_path):
    done = run_script(
        "swap",
        "--source",
        samples / "source.jpg",
        samples / "faces" / "800509.jpg",
        "--target",
        samples / "faces" / "80051[02].jpg",
        "--output",
        tmp_path,
        "--strength",
        "0.8",
        "--colour-match",
        "--keep-mouth",
    )
    assert done.returncode == 0 and "4 written" in done.stdout, done.stderr
    results = {path.name: read_image(path) for path in tmp_path.iterdir()}
    assert sorted(results) == ["800510_800509.png", "800510_source.png", "800512_800509.png", "800512_source.png"]
    assert (results["800510_800509.png"] != results["800510_source.png"]).any()
    hashes = {name: read_provenance(tmp_path / name)["source_sha256"] for name in results}
    assert (
        hashes["800510_800509.png"] == hashes["800512_800509.png"] == picture_sha256(samples / "faces" / "800509.jpg")
    )
    assert hashes["800510_source.png"] == picture_sha256(samples / "source.jpg")


def test_several_sources_of_the_same_person(run_script, run_here, root, samples, tmp_path):
    people = root / "tests" / "fixtures" / "identities"
    photos = [people / "id009_base.jpg", people / "id009_yawl.jpg"]
    done = run_script(
        *("swap", "--source", *photos, "--same-person", "--target", samples / "target.jpg"),
        *("--output", tmp_path / "out.png", "--strength", 1.2, "--keep-eyes", 0.8),
    )
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'out.png'}\n", done.stderr
    assert read_provenance(tmp_path / "out.png")["source_sha256"] == [picture_sha256(photo) for photo in photos]
    mapping = f"{photos[0]}={samples / 'source.jpg'}"
    done = run_here("swap", "--map", mapping, "--same-person", "--target", samples / "target.jpg")
    one_line(done, "--same-person")


def test_map(run_script, run_here, root, samples, tmp_path):
    people = root / "tests" / "fixtures" / "identities"
    both = [read_image(people / f"{name}_yawl.jpg") for name in ("id009", "id028")]
    write_image(tmp_path / "both.png", np.concatenate(both, 1))
    edge = both[0].shape[1]
    mapping = f"{people / 'id009_base.jpg'}={samples / 'source.jpg'}"
    done = run_script("swap", "--map", mapping, "--target", tmp_path / "both.png", "--output", tmp_path / "out.png")
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'out.png'}\n", done.stderr
    changed = (read_image(tmp_path / "out.png") != read_image(tmp_path / "both.png")).any(-1)
    assert changed[:, :edge].any() and not changed[:, edge:].any()
    assert read_provenance(tmp_path / "out.png")["source_sha256"] == picture_sha256(samples / "source.jpg")
    one_line(
        run_here("swap", "--map", mapping, "--target", people / "id028_base.jpg", "--output", tmp_path / "none.png"),
        "id028_base.jpg",
        "shows nobody who is to be swapped",
    )
    assert not (tmp_path / "none.png").exists()


def test_transparency_is_kept_or_told(run_here, samples, tmp_path):
    picture = Image.open(samples / "target.jpg").convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, picture.width, 20))
    picture.save(tmp_path / "cut out.png")
    for suffix, told in ((".png", False), (".jpg", True)):
        output = tmp_path / f"out{suffix}"
        done = run_here(
            "swap", "--source", samples / "source.jpg", "--target", tmp_path / "cut out.png", "--output", output
        )
        assert done.returncode == 0 and ("transparency is laid on white" in done.stderr) == told, done.stderr
        with Image.open(output) as written:
            pixels = np.asarray(written.convert("RGBA"))
        assert (pixels[:20, :, 3] == (255 if told else 0)).all() and (pixels[20:, :, 3] == 255).all()
        assert (pixels[:16, :, :3] > 250).all() or not told


def test_bad_options(run_script, run_here, samples, tmp_path):
    def swap(*options, run=run_here):
        return run("swap", *options, "--target", samples / "target.jpg", "--output", tmp_path / "x.png")

    source = samples / "source.jpg"
    one_line(swap("--source", source, "--strength", "2", run=run_script), "strength 2", "0 to 1.5")
    one_line(swap("--source", source, "--colour-match", "-1"), "colour-match -1:", "0 to 1")
    one_line(swap("--source", source, "--face", "left"), "choose largest, all or an index")
    one_line(swap("--map", "anna.jpg"), "TARGET_FACE=SOURCE")
    one_line(swap("--map", f"{source}={source}", "--compare"), "--compare", "leave it out")
    assert "not allowed with argument" in swap("--map", f"{source}={source}", "--source", source).stderr


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("text.jpg", b"these are words", ("text.jpg", "not a picture")),
        ("empty.png", b"", ("empty.png", "is empty")),
        ("gone.jpg", None, ("gone.jpg", "no such file")),
    ],
)
def test_bad_source(run_here, samples, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run_here(
        "swap", "--source", tmp_path / name, "--target", samples / "target.jpg", "--output", tmp_path / "x.png"
    )
    one_line(done, *words)
    assert not (tmp_path / "x.png").exists()


def test_bad_targets_and_outputs(run_script, run_here, samples, tmp_path):
    from PIL import Image

    Image.new("RGB", (300, 300), (90, 120, 90)).save(tmp_path / "wall.png")
    wall, good = tmp_path / "wall.png", samples / "target.jpg"

    def swap(target, output, *options, run=run_here):
        return run("swap", "--source", samples / "source.jpg", "--target", target, "--output", output, *options)

    one_line(swap(wall, tmp_path / "x.png", run=run_script), "wall.png", "no face found")
    one_line(swap(good, wall / "x.png"), "cannot be written")
    one_line(swap(good, good), "is an input")
    one_line(swap(good, tmp_path / "x.png", "--face", "3"), "target.jpg", "no face 3")
    one_line(swap(good, tmp_path / "x.png", "--weights", tmp_path / "no.pdparams"), "no.pdparams: no such weights file")
    one_line(swap(good, tmp_path / "x.png", "--weights", wall), "wall.png: not a readable weights file")
    assert [path.name for path in tmp_path.iterdir()] == ["wall.png"]
