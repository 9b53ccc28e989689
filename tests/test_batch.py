"""Which output belongs to which target, and which pairs are refused."""
from pathlib import Path

import pytest

from paddle_mfs.batch import plan
from paddle_mfs.errors import UserError


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("b.jpg", "a.png", "a.jpg", "notes.txt", "c.JPG"):
        (folder / name).write_bytes(b"x")
    (tmp_path / "source.jpg").write_bytes(b"x")
    return folder


def test_one_picture(pictures, tmp_path):
    source, target = tmp_path / "source.jpg", pictures / "b.jpg"
    assert plan(source, target) == [(target, Path("output/b_source.png"))]
    assert plan(source, target, tmp_path / "new" / "x.webp") == [(target, tmp_path / "new" / "x.webp")]
    assert plan(source, target, f"{tmp_path}/new/") == [(target, tmp_path / "new" / "b_source.png")]
    assert plan(source, target, pictures) == [(target, pictures / "b_source.png")]


def test_folder(pictures, tmp_path):
    outputs = {target.name: output.name for target, output in plan(tmp_path / "source.jpg", pictures, tmp_path / "out")}
    assert outputs == {"a.jpg": "a_jpg.png", "a.png": "a_png.png", "b.jpg": "b.png", "c.JPG": "c.png"}
    assert plan(tmp_path / "source.jpg", pictures)[0][1].parent == Path("output/pictures_source")


def test_refused(pictures, tmp_path):
    source = tmp_path / "source.jpg"
    for target, output, told in [("gone.jpg", None, "no such file or folder"), ("b.jpg", pictures / "b.jpg", "is an input"),
                                 ("b.jpg", source, "is an input"), ("b.jpg", tmp_path / "x.bmp", "x.bmp: outputs are written as"),
                                 ("b.jpg", pictures / "notes.txt" / "x.png", "cannot be written")]:
        with pytest.raises(UserError, match=told):
            plan(source, pictures / target, output)
    (pictures / "d.png").write_bytes(b"x")
    with pytest.raises(UserError, match="d.png: is an input"):
        plan(source, pictures, pictures)
    with pytest.raises(UserError, match="is a file"):
        plan(source, pictures, source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no picture"):
        plan(source, tmp_path / "empty")


def test_clips(pictures, tmp_path):
    source = tmp_path / "source.jpg"
    for name in ("d.mp4", "e.AVI", "a.mov"):
        (pictures / name).write_bytes(b"x")
    assert plan(source, pictures / "d.mp4") == [(pictures / "d.mp4", Path("output/d_source.mp4"))]
    assert plan(source, pictures / "e.AVI")[0][1] == Path("output/e_source.mp4")
    assert plan(source, pictures / "d.mp4", tmp_path / "x.webm")[0][1] == tmp_path / "x.webm"
    outputs = {target.name: output.name for target, output in plan(source, pictures, tmp_path / "out")}
    assert outputs["d.mp4"] == "d.mp4" and outputs["e.AVI"] == "e.mp4" and outputs["a.mov"] == "a_mov.mov"
    for output in (tmp_path / "x.png", tmp_path / "x.avi"):
        with pytest.raises(UserError, match=f"{output.name}: outputs are written as .mp4"):
            plan(source, pictures / "d.mp4", output)
    with pytest.raises(UserError, match="x.mp4: outputs are written as .png"):
        plan(source, pictures / "b.jpg", tmp_path / "x.mp4")
