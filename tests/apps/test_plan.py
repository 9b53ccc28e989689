"""Which output belongs to which target, and which are refused."""

from pathlib import Path

import pytest

from paddle_mfs.apps.plan import Job, plan
from paddle_mfs.utils.errors import UserError


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("b.jpg", "a.png", "a.jpg", "notes.txt", "c.JPG"):
        (folder / name).write_bytes(b"x")
    (tmp_path / "source.jpg").write_bytes(b"x")
    return folder


def outputs(*arguments):
    return {job.target.name: job.output for job in plan(*arguments) if not job.status}


def test_one_picture(pictures, tmp_path):
    source, target = [tmp_path / "source.jpg"], [pictures / "b.jpg"]
    assert plan(source, target) == [Job(target[0], Path("output/b_source.png"), source[0])]
    assert plan(source, target, tmp_path / "new" / "x.webp") == [Job(target[0], tmp_path / "new" / "x.webp", source[0])]
    for folder in (f"{tmp_path}/new/", pictures):
        assert outputs(source, target, folder) == {"b.jpg": Path(folder) / "b_source.png"}
    assert plan([], target) == [Job(target[0], Path("output/b_swapped.png"))], "where each person has a source"


def test_folder(pictures, tmp_path):
    source = [tmp_path / "source.jpg"]
    names = {"a.jpg": "a_jpg.png", "a.png": "a_png.png", "b.jpg": "b.png", "c.JPG": "c.png"}
    assert outputs(source, [pictures], tmp_path / "out") == {k: tmp_path / "out" / v for k, v in names.items()}
    assert outputs(source, [pictures]) == {k: Path("output/pictures_source") / v for k, v in names.items()}


def test_several_sources_and_targets(pictures, tmp_path):
    other, more = tmp_path / "other.png", tmp_path / "more"
    more.mkdir()
    (more / "b.jpg").write_bytes(b"x")
    sources = [tmp_path / "source.jpg", other]
    jobs = plan(sources, [pictures / "b.jpg", more])
    assert [job.source for job in jobs] == [sources[0], sources[0], other, other]
    assert [str(job.output) for job in jobs] == [
        "output/b_source.png",
        "output/more_source/b.png",
        "output/b_other.png",
        "output/more_other/b.png",
    ]
    assert {job.output for job in plan(sources, [more], tmp_path / "out")} == {
        tmp_path / "out" / "more_source" / "b.png",
        tmp_path / "out" / "more_other" / "b.png",
    }
    with pytest.raises(UserError, match="b_source.png: would be written twice"):
        plan(sources[:1], [pictures / "b.jpg", more / "b.jpg"])
    with pytest.raises(UserError, match="more_source/b.png: would be written twice"):
        plan(sources[:1], [more, more])


def test_patterns(pictures, tmp_path):
    source = [tmp_path / "source.jpg"]
    assert outputs(source, [f"{pictures}/*.jpg"]) == {
        "a.jpg": Path("output/a_source.png"),
        "b.jpg": Path("output/b_source.png"),
    }
    (pictures / "deep").mkdir()
    (pictures / "deep" / "b.jpg").write_bytes(b"x")
    found = plan(source, [f"{pictures}/**/b.jpg"], tmp_path / "out")
    assert [job.output.name for job in found] == ["b_jpg_source.png", "deep_b_jpg_source.png"]
    odd = pictures / "[1].jpg"
    odd.write_bytes(b"x")
    assert outputs(source, [odd]) == {"[1].jpg": Path("output/[1]_source.png")}, "a file that is there is no pattern"
    for pattern in ("*.gif", "*.txt"):
        with pytest.raises(UserError, match="matches no picture or clip"):
            plan(source, [f"{pictures}/{pattern}"])


def test_refused(pictures, tmp_path):
    source = tmp_path / "source.jpg"
    for target, output, told in [
        ("gone.jpg", None, "no such file or folder"),
        ("b.jpg", pictures / "b.jpg", "is an input"),
        ("b.jpg", source, "is an input"),
        ("b.jpg", tmp_path / "x.bmp", "x.bmp: outputs are written as"),
        ("b.jpg", pictures / "notes.txt" / "x.png", "cannot be written"),
    ]:
        with pytest.raises(UserError, match=told):
            plan([source], [pictures / target], output)
    with pytest.raises(UserError, match="anna.png: is an input"):
        plan([], [pictures / "b.jpg"], tmp_path / "anna.png", [tmp_path / "anna.png", source])
    (pictures / "d.png").write_bytes(b"x")
    with pytest.raises(UserError, match="d.png: is an input"):
        plan([source], [pictures], pictures)
    with pytest.raises(UserError, match="is a file"):
        plan([source], [pictures], source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no picture"):
        plan([source], [tmp_path / "empty"])


def test_clips(pictures, tmp_path):
    source = [tmp_path / "source.jpg"]
    for name in ("d.mp4", "e.AVI", "a.mov"):
        (pictures / name).write_bytes(b"x")
    assert outputs(source, [pictures / "d.mp4"]) == {"d.mp4": Path("output/d_source.mp4")}
    assert outputs(source, [pictures / "e.AVI"]) == {"e.AVI": Path("output/e_source.mp4")}
    assert outputs(source, [pictures / "d.mp4"], tmp_path / "x.webm") == {"d.mp4": tmp_path / "x.webm"}
    names = {target: output.name for target, output in outputs(source, [pictures], tmp_path / "out").items()}
    assert names["d.mp4"] == "d.mp4" and names["e.AVI"] == "e.mp4" and names["a.mov"] == "a_mov.mov"
    for output in (tmp_path / "x.png", tmp_path / "x.avi"):
        with pytest.raises(UserError, match=f"{output.name}: outputs are written as .mp4"):
            plan(source, [pictures / "d.mp4"], output)
    with pytest.raises(UserError, match="x.mp4: outputs are written as .png"):
        plan(source, [pictures / "b.jpg"], tmp_path / "x.mp4")


def test_results_of_an_earlier_run_are_passed_over(pictures, tmp_path):
    """A second run on a folder does what the first did."""
    from PIL import Image

    from paddle_mfs.provenance import provenance, save_options

    source = [tmp_path / "source.jpg"]
    for name, facts in (("b.png", {}), ("face.jpg", {"digital_source_type": "generated"})):
        record = {**provenance(), **facts}
        Image.new("RGB", (4, 4)).save(pictures / name, **save_options(pictures / name, record))
    jobs = plan(source, [pictures], pictures)
    assert [(job.target.name, job.reason) for job in jobs if job.status == "passed over"] == [
        ("b.png", "a result of this program; name it to swap it again"),
        ("notes.txt", "neither picture nor clip"),
    ]
    made = {job.target.name: job.output.name for job in jobs if not job.status}
    assert made["b.jpg"] == "b.png" and made["face.jpg"] == "face.png"
    assert outputs(source, [pictures / "b.png"], tmp_path / "new.png") == {"b.png": tmp_path / "new.png"}, "by its name"
    for path in pictures.iterdir():
        if path.name != "b.png":
            path.unlink()
    with pytest.raises(UserError, match="but results of this program, if any; give another folder"):
        plan(source, [pictures])


def test_long_names_fit(pictures, tmp_path):
    long = "\u00e4" * 120  # 240 bytes
    (pictures / f"{long}.jpg").write_bytes(b"x")
    source = tmp_path / f"{long}.png"
    [output] = outputs([source], [pictures / f"{long}.jpg"]).values()
    assert len(output.name.encode()) <= 255 and output.name.endswith("_" + "\u00e4" * 60 + ".png")
    with pytest.raises(UserError, match="name is too long"):
        plan([source], [pictures / "b.jpg"], tmp_path / ("x" * 260 + ".png"))
