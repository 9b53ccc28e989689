"""Outputs appear whole or not at all."""

import json

import pytest

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import MOST_BYTES, atomic_path, file_name, write_json


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            _ = 1 / 0
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_finished_write_replaces_the_file_and_makes_its_folder(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"ü": 1})
    assert json.loads((tmp_path / "new" / "a.json").read_text(encoding="utf-8")) == {"ü": 1}


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as error:
        with atomic_path(tmp_path / "file" / "out.txt"):
            pass
    assert "file" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("stem", ["x" * 251, "\u00e4" * 125, "short"])
def test_a_temporary_name_fits_where_the_name_does(tmp_path, stem):
    path = tmp_path / f"{stem}.png"
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".png" and len(temporary.name.encode()) <= MOST_BYTES
        temporary.write_text("x")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_file_name_cuts_between_characters():
    assert file_name("\u00e4" * 200, "_b.png") == "\u00e4" * 124 + "_b.png" and file_name("a", ".png") == "a.png"
