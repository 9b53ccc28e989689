"""Every output says what it is; the record survives each format it is written in."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.provenance import (
    SWAPPED,
    append_xmp,
    camera_exif,
    picture_sha256,
    provenance,
    read_provenance,
    save_options,
    video_tags,
    weights_facts,
    without_place,
    xmp_packet,
)
from paddle_mfs.utils.errors import UserError

RGB = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".PNG"])
def test_record_is_read_back(tmp_path, suffix):
    record = provenance(
        source_sha256="ab" * 32, target_sha256=None, weights={"file": "w", "licence": "a \"b\" <c> & 'é'"}
    )
    path = tmp_path / f"picture{suffix}"
    Image.fromarray(RGB).save(path, **save_options(path, record))
    assert read_provenance(path) == record
    assert record["synthetic"] is True and record["digital_source_type"] == SWAPPED and "target_sha256" not in record
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record["created"])
    raw = path.read_bytes()
    assert b"Iptc4xmpExt:DigitalSourceType" in raw and b"paddle_mfs" in raw
    with Image.open(path) as picture:
        if suffix == ".PNG" or suffix == ".png":
            assert picture.text["Software"].startswith("paddle_mfs") and (np.asarray(picture) == RGB).all()
        else:
            assert picture.getexif()[0x0131].startswith("paddle_mfs")


def test_packet_is_well_formed_xml():
    from xml.etree import ElementTree

    packet = xmp_packet(provenance(name="<&>\"'"))
    tree = ElementTree.fromstring(packet)
    description = tree.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert description.get("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType") == SWAPPED


def test_pictures_without_a_record(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "plain.png")
    assert read_provenance(tmp_path / "plain.png") is None
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "text.mp4").write_text("no clip")
    for name in ("text.png", "gone.png", "text.mp4", "gone.mp4"):
        with pytest.raises(UserError, match=name):
            read_provenance(tmp_path / name)
    with pytest.raises(UserError, match="picture.bmp"):
        save_options(tmp_path / "picture.bmp", provenance())


def test_hashes(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert picture_sha256(tmp_path / "file").startswith("ba7816bf")
    assert picture_sha256(RGB) == picture_sha256(RGB.copy()) != picture_sha256(RGB.reshape(32, 24, 3))
    (tmp_path / "w.pdparams").write_bytes(b"abc")
    assert weights_facts(tmp_path / "w.pdparams")["licence"] == "not stated"
    (tmp_path / "w.json").write_text('{"licence": "MIT"}')
    digest = picture_sha256(tmp_path / "file")
    assert weights_facts(tmp_path / "w.pdparams") == {"file": "w.pdparams", "sha256": digest, "licence": "MIT"}


def write_clip(path, record):
    import av

    with av.open(str(path), "w") as output:
        if record:
            output.metadata.update(video_tags(record))
        stream = output.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", rate=5)
        stream.width, stream.height = 32, 24
        output.mux(stream.encode(av.VideoFrame.from_ndarray(RGB, format="rgb24").reformat(format="yuv420p")))
        output.mux(stream.encode(None))
    if record and path.suffix in (".mp4", ".m4v", ".mov"):
        append_xmp(path, record)


def boxes(data):
    """Top-level boxes of an MP4: (name, content)."""
    while data:
        size = int.from_bytes(data[:4], "big")
        yield data[4:8], data[8:size]
        data = data[size:]


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv", ".webm"])
def test_clips_carry_the_record(tmp_path, suffix):
    record = provenance(source_sha256="ab" * 32, weights={"file": "w", "licence": "a \"b\" <c> & 'é'"})
    path = tmp_path / f"clip{suffix}"
    write_clip(path, None)
    assert read_provenance(path) is None
    write_clip(path, record)
    assert read_provenance(path) == record
    if suffix in (".mp4", ".m4v", ".mov"):
        [packet] = [content for name, content in boxes(path.read_bytes()) if name == b"uuid"]
        assert packet[:16].hex() == "be7acfcb97a942e89c71999491e3afac" and packet[16:] == xmp_packet(record)
        if shutil.which("exiftool"):
            told = subprocess.run(
                ["exiftool", "-XMP:DigitalSourceType", "-s3", path], capture_output=True, text=True
            ).stdout
            assert told.strip() == SWAPPED
    if shutil.which("ffprobe"):
        told = subprocess.run(["ffprobe", "-v", "error", "-show_format", path], capture_output=True, text=True).stdout
        assert "compositeWithTrainedAlgorithmicMedia" in told and "ab" * 32 in told


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png"])
def test_date_and_camera_are_kept_and_the_place_is_not(tmp_path, suffix):
    taken, inside = Image.Exif(), 0x8769
    taken[0x010F], taken[0x0110], taken[0x0112], taken[0x0132] = "Maker", "Model 1", 6, "2020:01:02 03:04:05"
    taken.get_ifd(inside)[0x9003] = "2020:01:02 03:04:05"
    taken.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 0.0)})  # GPS
    Image.new("RGB", (8, 8)).save(tmp_path / "in.jpg", exif=taken)
    output = tmp_path / f"out{suffix}"
    Image.new("RGB", (8, 8)).save(output, **save_options(output, provenance(), camera_exif(tmp_path / "in.jpg")))
    with Image.open(output) as picture:
        found = picture.getexif()
    assert (found[0x010F], found[0x0110], found[0x0132]) == ("Maker", "Model 1", "2020:01:02 03:04:05")
    assert found.get_ifd(inside)[0x9003] == "2020:01:02 03:04:05"
    assert 0x0112 not in found and not found.get_ifd(0x8825), "pixels are upright, and were taken nowhere"
    assert read_provenance(output)["synthetic"] is True
    (tmp_path / "words.jpg").write_text("no picture")
    assert not camera_exif(tmp_path / "words.jpg") and not camera_exif(output.with_name("none.jpg"))


def test_the_place_of_a_clip_is_not_kept():
    tags = {
        "location": "+52.5+013.4/",
        "com.apple.quicktime.location.ISO6709": "+52/",
        "title": "x",
        "creation_time": "y",
    }
    assert without_place(tags) == {"title": "x", "creation_time": "y"}
