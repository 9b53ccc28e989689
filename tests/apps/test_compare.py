"""The page of results side by side: what goes with what, what is measured, what gets into the file."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from paddle_mfs.apps.compare.items import for_browser, look_at
from paddle_mfs.apps.compare.page import write_page
from paddle_mfs.apps.compare.sets import match
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.provenance import provenance, read_provenance, save_options
from paddle_mfs.utils.errors import UserError


def draw(path, level, size=(16, 12), synthetic=False):
    """A grey picture, (width, height)."""
    path.parent.mkdir(exist_ok=True)
    options = save_options(path, provenance()) if synthetic else {}
    write_image(path, np.full((size[1], size[0], 3), level, np.uint8), **options)
    return path


def figures(page):
    """[(name, attributes and inner HTML)] in the page's order."""
    found = re.findall(r'<figure (.*?data-name="(.*?)".*?)</figure>', page.read_text(encoding="utf-8"), re.S)
    return [(html.unescape(name), inner) for inner, name in found]


def embedded(inner):
    """The pictures in a figure, bytes."""
    return [base64.b64decode(part) for part in re.findall(r'src="data:image/\w+;base64,([^"]+)"', inner)]


def test_names_that_all_folders_have(tmp_path):
    for folder, names in {"a": "one.png two.png", "b": "two.jpg three.png one.png", "c": "two.webp"}.items():
        for name in names.split():
            draw(tmp_path / folder / name, 9)
    (tmp_path / "a" / "notes.txt").touch()
    sets = match([tmp_path / "a", tmp_path / "b"])
    assert sets.labels == ["a", "b"] and list(sets.found) == ["one", "two"]
    assert sets.told() == "2 names in a and b, 1 only in b"
    assert [path.name for path in match([tmp_path / one for one in "abc"]).found["two"]] == [
        "two.png",
        "two.jpg",
        "two.webp",
    ]
    single = match([tmp_path / "a" / "one.png", tmp_path / "b" / "one.png"])
    assert single.labels == ["a/one.png", "b/one.png"] and list(single.found) == ["one.png"]


def test_what_does_not_match_is_one_line(tmp_path):
    a, b = draw(tmp_path / "a" / "one.png", 1).parent, draw(tmp_path / "b" / "two.png", 1).parent
    (tmp_path / "empty").mkdir()
    double = draw(tmp_path / "double" / "one.png", 1).parent
    draw(double / "one.jpg", 1)
    for places, told in {
        (a, tmp_path / "c"): f"{tmp_path}/c: no such folder or picture; check the path",
        (a, tmp_path / "empty"): f"{tmp_path}/empty: holds no pictures; name a folder of results",
        (a, b / "two.png"): f"{b}/two.png: is a file, {a} is a folder; give folders alone, or pictures alone",
        (a, b): f"no name in common: {a} holds 1 pictures, such as one.png; {b} holds 1 pictures, such as two.png; "
        "name results of the same picture alike",
        (a, double): f"{double}/one.png: goes by the name of one.jpg; move one of them away",
    }.items():
        with pytest.raises(UserError) as error:
            match(places)
        assert str(error.value) == told


def test_mixed_sizes_are_scaled_and_other_shapes_refused(tmp_path):
    paths = [draw(tmp_path / "a.png", 100), draw(tmp_path / "b.png", 130, (32, 24)), draw(tmp_path / "c.png", 90)]
    item = look_at("x", paths)
    assert item.differences == {(0, 1): 30, (0, 2): 10, (1, 2): 40} and item.difference == 40
    assert item.sizes == [(16, 12), (32, 24), (16, 12)] and not item.in_face
    with pytest.raises(UserError, match=r"d\.png: is 12 x 12, .*a\.png 16 x 12: of another shape; crop them alike"):
        look_at("x", [paths[0], draw(tmp_path / "d.png", 0, (12, 12))])


def test_the_page_holds_the_pictures_themselves_sorted(tmp_path):
    names = {"little": 3, "much <b>&amp;": 90, "some": 20}
    for name, apart in names.items():
        draw(tmp_path / "a" / f"{name}.png", 100)
        draw(tmp_path / "b" / f"{name}.png", 100 + apart, synthetic=True)
    sets = match([tmp_path / "a", tmp_path / "b"])
    items = [look_at(name, files) for name, files in sets.found.items()]
    page = tmp_path / "page.html"
    assert write_page(page, sets.labels, items, ["x.png: is <damaged>"]) is None
    found = figures(page)
    assert [name for name, _ in found] == ["much <b>&amp;", "some", "little"]
    for name, inner in found:
        assert embedded(inner) == [path.read_bytes() for path in sets.found[name]]
        assert f"difference {names[name]:.2f}" in inner and ">synthetic: b<" in inner
    text = page.read_text(encoding="utf-8")
    assert "much <b>" not in text and "is &lt;damaged&gt;" in text and "{" + "pairs}" not in text
    assert "neural network, as their own records say: b (3 of 3)." in text
    record = json.loads(re.search(r'id="provenance">(.*?)</script>', text)[1])
    assert record["synthetic"] is True and [one["synthetic"] for one in record["sets"]] == [0, 3]


def test_nothing_synthetic_is_claimed_of_other_pictures(tmp_path):
    item = look_at("x", [draw(tmp_path / "a.png", 1), draw(tmp_path / "b.png", 2)])
    write_page(tmp_path / "page.html", ["a", "b"], [item])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No picture here carries a record" in text and '"synthetic": true' not in text
    assert ">synthetic:" not in text


def test_a_large_page_has_its_pictures_beside_it(tmp_path):
    item = look_at("x", [draw(tmp_path / "a.png", 1), draw(tmp_path / "b.png", 2)])
    mine = draw(tmp_path / "page_files" / "mine.png", 7)
    beside = write_page(tmp_path / "page.html", ["a", "b"], [item], max_mb=0.0001)
    [(_, inner)] = figures(tmp_path / "page.html")
    sources = re.findall(r'src="([^"]+)"', inner)
    assert [(tmp_path / source).read_bytes() for source in sources] == [path.read_bytes() for path in item.files]
    assert beside == mine.parent and mine.exists() and len(list(beside.iterdir())) == 3


def test_what_browsers_cannot_show_and_where_it_was_taken(tmp_path):
    """Both become PNG with the same pixels."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8))
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    noise.save(tmp_path / "gps.jpg", exif=exif)
    packet = PngImagePlugin.PngInfo()
    packet.add_itxt("XML:com.adobe.xmp", '<x exif:GPSLatitude="48,0N"/>')
    noise.save(tmp_path / "gps.png", pnginfo=packet)
    noise.save(tmp_path / "page.tif")
    other = Image.new("RGB", noise.size)
    noise.save(tmp_path / "moves.webp", save_all=True, append_images=[other], lossless=True)
    for path in sorted(tmp_path.iterdir()):
        data, kind = for_browser(path)
        assert kind == "image/png" and data != path.read_bytes() and b"GPS" not in data
        with Image.open(io.BytesIO(data)) as shown:
            assert (np.asarray(shown) == read_image(path)).all() and 0x8825 not in shown.getexif()
    result = tmp_path / "result.webp"
    write_image(result, np.asarray(noise), **save_options(result, provenance(), exif))
    data, kind = for_browser(result)
    (tmp_path / "copy.png").write_bytes(data)
    assert kind == "image/png" and read_provenance(tmp_path / "copy.png") == read_provenance(result)
