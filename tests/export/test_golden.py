"""Golden vectors: what is particular to them. That the core in C++ agrees with them is tested in tests/deploy."""

import json

import av
import numpy as np
import pytest

from paddle_mfs.export import golden
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.frame import BT601, BT709, planes


def test_yuv_means_the_picture(target):
    for picture in (target[:64, :96], target[:63, :95]):
        y, u, v = golden.to_yuv(picture)
        assert y.shape == picture.shape[:2] and u.shape == v.shape == (32, 48)
        grey = np.full_like(picture, 77)
        assert (golden.to_rgb(*golden.to_yuv(grey)) == grey).all()
        # 4:2:0 takes colour away from single pixels, but none from 2 x 2 of them, up to rounding
        blocks = picture[::2, ::2].repeat(2, 0).repeat(2, 1)[: picture.shape[0], : picture.shape[1]]
        inside = ((blocks > 4) & (blocks < 251)).all(2)
        assert np.abs(golden.to_rgb(*golden.to_yuv(blocks)).astype(int) - blocks)[inside].max() <= 2


@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("is_full", [True, False])
def test_yuv_means_what_ffmpeg_takes_it_for(target, matrix, is_full):
    y, u, v = golden.to_yuv(target[:64, :96].repeat(2, 0).repeat(2, 1), matrix, is_full)
    frame = av.VideoFrame(192, 128, "yuv420p")
    for plane, values in zip(planes(frame), (y, u, v)):
        plane[...] = values
    ranges = {"src_color_range": 2 if is_full else 1, "dst_color_range": 2}
    shown = frame.reformat(format="rgb24", src_colorspace=matrix, dst_colorspace=matrix, **ranges).to_ndarray()
    assert np.abs(golden.to_rgb(y, u, v, matrix, is_full).astype(int) - shown).max() <= 2
    assert np.abs(golden.to_rgb(y, u, v, matrix, not is_full).astype(int) - shown).max() > 5


def test_arrays_are_little_endian(tmp_path):
    entries = golden._write(tmp_path, "case", {"big": np.array([[1, 2]], ">i4"), "half": np.float32([0.5])})
    assert entries["big"] == {"file": "case.big.bin", "dtype": "int32", "shape": [1, 2]}
    assert (tmp_path / "case.big.bin").read_bytes() == b"\x01\0\0\0\x02\0\0\0"
    assert (tmp_path / "case.half.bin").read_bytes() == b"\0\0\0\x3f"


def test_a_recorder_keeps_what_passes():
    recorder = golden.Recorder(lambda batch: [batch * 2, batch.sum(keepdims=True)], 0.5, 0.5)
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    batch = (pixels.transpose(2, 0, 1)[None] / np.float32(255) - 0.5) / 0.5
    given = recorder(batch)
    batch[:] = 0
    assert (recorder.inputs[0] == pixels).all() and (recorder.outputs[0][0] == given[0]).all() and given[0].any()


def test_the_clip_hides_a_face_and_cuts():
    frames, times = golden._clip()
    assert frames.shape == (golden.FRAMES, *golden.CLIP_SIZE[::-1], 3) and frames.dtype == np.uint8
    steps = np.diff(times)
    assert (steps == 0).sum() == 1 and (steps >= 0).all() and len(set(np.round(steps, 6))) > 2
    change = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, frames[1:])]
    assert int(np.argmax(change)) + 1 == golden.CUT


def test_the_dark_face_shows_in_more_light_only(target, monkeypatch):
    picture, analyser = golden.dark(target), FaceAnalyser()
    assert picture.max() < 15 and len(analyser.faces(picture)) == 1
    monkeypatch.setattr("paddle_mfs.face.analysis.brightened", lambda picture: picture)
    assert not analyser.faces(picture)


def test_other_folders_are_left_alone(tmp_path, run_here):
    keep = tmp_path / "mine.txt"
    keep.write_text("mine")
    with pytest.raises(UserError, match="holds no golden vectors"):
        golden.export_golden(tmp_path)
    done = run_here("export_golden", "--output", tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and str(tmp_path) in done.stderr
    assert keep.read_text() == "mine"


def test_a_source_without_a_face_leaves_nothing(tmp_path, run_here):
    from paddle_mfs.face.image import write_image

    write_image(tmp_path / "wall.png", np.full((80, 80, 3), 120, np.uint8))
    done = run_here("export_golden", "--output", tmp_path / "golden", "--source", tmp_path / "wall.png")
    assert done.returncode == 2 and "no face found" in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["wall.png"]


def test_an_index_can_be_written_again(tmp_path, monkeypatch):
    """Vectors replace older ones, whole."""
    monkeypatch.setattr(golden, "FaceSwapper", lambda source: None)
    monkeypatch.setattr(golden, "_cases", lambda swapper: iter([("one", {"a": np.float64([1, 2])})]))
    for _ in range(2):
        assert golden.export_golden(tmp_path / "golden") == {"one": 1}
    index = json.loads((tmp_path / "golden" / "index.json").read_text())
    assert index["format"] == 1 and list(index["cases"]["one"]) == ["a"]
    assert sorted(path.name for path in (tmp_path / "golden").iterdir()) == ["index.json", "one.a.bin"]
