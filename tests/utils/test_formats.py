"""What a file is, by its name and by what it holds."""

import os

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.face.image import WRITERS, read_image
from paddle_mfs.utils import formats
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_by_name, kind_of
from paddle_mfs.video.encoding import CONTAINERS
from paddle_mfs.video.write_animation import ANIMATIONS


def test_names():
    pictures = "a.JPG b.jpeg c.png d.webp e.bmp f.tif g.gif h.avif i.jfif j.jp2 k.mpo l.tga m.heic n.HIF o.qoi".split()
    clips = "a.mp4 b.MOV c.mkv d.webm e.avi f.ts g.m2ts h.mpg i.wmv j.flv k.3gp l.ogv m.mxf n.vob o.y4m p.h264 q.m2v"
    neither = "a.txt b.pdf c.eps d.ps e.m3u8 f.mp3 g.m4a h.zip i.srt j.ffconcat k.mpd l.html m mp4".split()
    assert {name: kind_by_name(name) for name in pictures} == dict.fromkeys(pictures, "picture")
    assert {name: kind_by_name(name) for name in clips.split()} == dict.fromkeys(clips.split(), "clip")
    assert {name: kind_by_name(name) for name in neither} == dict.fromkeys(neither, "")


def test_what_can_be_written_has_a_writer_and_can_be_read():
    assert set(formats.WRITABLE_PICTURES) == set(WRITERS) <= set(formats.picture_suffixes())
    assert set(formats.WRITABLE_CLIPS) == set(CONTAINERS) <= set(formats.clip_suffixes())
    assert set(formats.WRITABLE_ANIMATIONS) == set(ANIMATIONS) <= set(formats.picture_suffixes())


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.RandomState(0)
    return [Image.fromarray(rng.randint(0, 255, (16, 16, 3), np.uint8)) for _ in range(3)]


def test_what_a_file_holds_counts_more_than_its_name(pictures, tmp_path):
    animated = {"save_all": True, "append_images": pictures[1:]}
    for name, options, kind in [
        ("a.tif", animated, "picture"),
        ("e.avif", {}, "picture"),
        ("b.jfif", {"format": "JPEG"}, "picture"),
        ("c.jp2", {}, "picture"),
        ("d.jpg", {"format": "MPO", **animated}, "picture"),
        ("f", {"format": "PNG"}, "picture"),
        ("g.mp4", {"format": "PNG"}, "picture"),
        ("h.gif", {}, "picture"),
        ("i.gif", animated, "animation"),
        ("j.png", animated, "animation"),
        ("k.webp", animated, "animation"),
        ("l.txt", {"format": "GIF", **animated}, "animation"),
    ]:
        pictures[0].copy().save(tmp_path / name, **options)
        assert kind_of(tmp_path / name) == kind, name
        assert read_image(tmp_path / name).shape == (16, 16, 3)


@pytest.mark.parametrize("name, content", [("x.jpg", "words"), ("x.mp4", "words"), ("x.h264", ""), ("x.png", "")])
def test_what_cannot_be_opened_is_what_its_name_says(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert kind_of(tmp_path / name) == kind_by_name(name) != ""


def test_documents_and_sound_are_neither(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    (tmp_path / "notes.txt").write_text("words\n" * 99)
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    (tmp_path / "page.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    assert {path.name: kind_of(path) for path in tmp_path.iterdir()} == dict.fromkeys(
        ["sound.mp4", "notes.txt", "words.srt", "noise", "page.eps"], ""
    )


def test_heic_without_its_reader_names_the_extra(tmp_path, monkeypatch):
    """The beginning of a HEIC file; FFmpeg would open a whole one as a clip."""
    path = tmp_path / "phone.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    without = tuple(name for name in formats.picture_formats() if name != "HEIF")
    monkeypatch.setattr("paddle_mfs.utils.formats.picture_formats", lambda: without)
    monkeypatch.setattr("paddle_mfs.face.image.picture_formats", lambda: without)
    path.rename(tmp_path / "phone.bin")
    assert kind_of(tmp_path / "phone.bin") == "picture"
    with pytest.raises(UserError, match=r"phone.bin: is HEIC; to read it run `pip install 'paddle_mfs\[heif\]'`"):
        read_image(tmp_path / "phone.bin")


def test_heic(target, tmp_path):
    pytest.importorskip("pillow_heif")
    Image.fromarray(target).save(tmp_path / "phone.heic", quality=90)
    assert kind_of(tmp_path / "phone.heic") == "picture"
    assert np.abs(read_image(tmp_path / "phone.heic").astype(int) - target).mean() < 3
