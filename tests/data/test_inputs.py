"""What is found in folders and archives, and who is shown there."""

import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from paddle_mfs.data.inputs import Layout, find_inputs
from paddle_mfs.utils.errors import UserError


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def zipped(path, folder):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    return path


def tarred(path, folder):
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        archive.add(folder, ".")
    return path


def labels(*paths, how="auto"):
    layout = Layout(how)
    for one in find_inputs(paths, read=False):
        layout.add(one)
    prefix = str(paths[0]) + "/"
    return {one.name.removeprefix(prefix): layout.label(one).removeprefix(prefix) for one in find_inputs(paths)}


VGG = "train/n01/0001_01.jpg", "train/n01/0002_01.jpg", "train/n02/0001_01.jpg"
FFHQ = "images/00000/00001.png", "images/00000/00999.png", "images/01000/01000.png"
CELEBA = "celeba_hq/0.jpg", "celeba_hq/1.jpg"


@pytest.mark.parametrize("pack", [lambda path, folder: folder, zipped, tarred])
def test_layouts(tmp_path, pack):
    for number, (names, suffix) in enumerate(((VGG, ".zip"), (FFHQ, ".tar"), (CELEBA, ".tar.gz"))):
        folder = fill(tmp_path / str(number), *names)
        path = pack(tmp_path / f"{number}{'.zip' if pack is zipped else suffix.replace('.zip', '.tgz')}", folder)
        people = {name: name.rpartition("/")[0] for name in names} if names is VGG else {name: name for name in names}
        assert labels(path) == people


def test_labels_can_be_asked_for(tmp_path):
    folder = fill(tmp_path, *CELEBA, "alone.jpg")
    assert set(labels(folder, how="folder").values()) == {"celeba_hq", "alone.jpg"}
    assert len(set(labels(fill(tmp_path / "vgg", *VGG), how="none").values())) == 3


def test_kinds_hidden_files_and_bytes(tmp_path):
    folder = fill(tmp_path / "in", "a.jpg", ".b.jpg", "notes.txt", "c.mp4", "d.zip")
    packed = tarred(tmp_path / "in" / "e.tar", fill(tmp_path / "packed", "x.jpg", "y.mp4", "__MACOSX/z.jpg"))
    found = {one.name.removeprefix(f"{folder}/"): one for one in find_inputs([folder])}
    assert {name: one.kind for name, one in found.items()} == {
        "a.jpg": "picture",
        "c.mp4": "clip",
        "d.zip": "unreadable",
        "e.tar/x.jpg": "picture",
        "e.tar/y.mp4": "unreadable",
    }
    assert found["e.tar/x.jpg"].data == b"x.jpg" and "unpack" in found["e.tar/y.mp4"].reason
    assert all(one.data is None for one in find_inputs([packed], read=False))


def test_what_is_no_picture_is_labelled_by_its_name(tmp_path):
    folder = fill(tmp_path / "in", "damaged.zip", "sub/damaged.tar", "sub/set/set.json", "sub/clip.mp4")
    packed = zipped(folder / "clips.zip", fill(tmp_path / "packed", "ann/y.mp4"))
    assert labels(folder) == {name: name for name in ("damaged.zip", "sub/damaged.tar", "sub/set", "sub/clip.mp4")} | {
        "clips.zip/ann/y.mp4": "clips.zip/ann/y.mp4"
    }
    assert packed.is_file()


def test_an_archive_that_ends_in_the_middle_gives_what_it_has(tmp_path):
    packed = tarred(tmp_path / "e.tar", fill(tmp_path / "packed", *(f"{number:02d}.jpg" for number in range(9))))
    packed.write_bytes(packed.read_bytes()[:5000])
    found = list(find_inputs([packed]))
    assert found[-1].kind == "unreadable" and 1 <= sum(one.kind == "picture" for one in found) < 9


def test_a_prepared_set_among_the_inputs_is_passed_over(tmp_path):
    folder = fill(
        tmp_path / "in", "a.jpg", "set/set.json", "set/rejected/b.jpg", "set/sheet.jpg", "set/shards/00000.tar"
    )
    found = {one.name.removeprefix(f"{folder}/"): (one.kind, one.reason) for one in find_inputs([folder])}
    assert found == {"a.jpg": ("picture", ""), "set": ("unreadable", "a prepared set")}
    with pytest.raises(UserError, match="set: is a prepared set"):
        list(find_inputs([folder / "set"]))


@pytest.mark.parametrize("name", ["missing", "notes.txt"])
def test_other_paths_are_refused_in_one_line(tmp_path, name):
    fill(tmp_path, "notes.txt")
    with pytest.raises(UserError, match=name):
        list(find_inputs([tmp_path / name]))


def test_names_that_are_no_utf8_are_written_out(tmp_path):
    folder = fill(tmp_path / "in", "a.jpg")
    (tmp_path / "in" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    packed = tmp_path / "odd.tar"
    with tarfile.open(packed, "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        archive.add(folder / "a.jpg", "caf\u00e9.jpg")
    found = list(find_inputs([folder, packed]))
    assert [one.name.rsplit("/", 1)[1] for one in found] == ["a.jpg", "caf\\xe9.jpg", "caf\\xe9.jpg"]
    assert all(one.kind == "picture" for one in found) and Path(found[1].place).read_bytes() == b"x"
    assert json.dumps(found[1].name, ensure_ascii=False).encode("utf-8")


def test_what_would_fill_the_memory_or_never_end_is_unreadable(tmp_path):
    """A file of a gigabyte (of zeros: 1 MB in the archive, nothing on the disk), and a pipe that nobody writes to."""
    folder = fill(tmp_path / "in", "a.jpg")
    os.mkfifo(folder / "pipe.jpg")
    with open(folder / "hole.jpg", "wb") as file:
        file.truncate(1 << 30)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("big.jpg", "w") as member:
            for _ in range(64):
                member.write(bytes(1 << 24))
        archive.write(folder / "a.jpg", "after.jpg")
    found = {one.name.rsplit("/", 1)[1]: (one.kind, one.reason) for one in find_inputs([folder, tmp_path / "bomb.zip"])}
    assert found == {
        "a.jpg": ("picture", ""),
        "hole.jpg": ("unreadable", "1024 MB: no picture is so large"),
        "pipe.jpg": ("unreadable", "not a file (a pipe, or a link to nothing)"),
        "after.jpg": ("picture", ""),
        "big.jpg": ("unreadable", "1024 MB: no picture is so large"),
    }
