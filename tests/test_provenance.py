"""Every output says what it is; the record survives each format it is written in."""
import re

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.errors import UserError
from paddle_mfs.provenance import SWAPPED, picture_sha256, provenance, read_provenance, save_options, weights_facts, xmp_packet

RGB = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".PNG"])
def test_record_is_read_back(tmp_path, suffix):
    record = provenance(source_sha256="ab" * 32, target_sha256=None, weights={"file": "w", "licence": "a \"b\" <c> & 'é'"})
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
    for name in ("text.png", "gone.png"):
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
