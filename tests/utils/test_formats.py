"""What a file is, by its name."""

from pathlib import Path

import pytest

from paddle_mfs.face.image import WRITERS
from paddle_mfs.utils import formats
from paddle_mfs.video.encoding import CONTAINERS


@pytest.mark.parametrize(
    "name, is_clip",
    [
        ("a.mp4", True),
        ("A.MKV", True),
        (Path("x/b.webm"), True),
        ("a.png", False),
        ("mp4", False),
        ("a.mp4.json", False),
    ],
)
def test_clips_are_known_by_their_names(name, is_clip):
    assert formats.is_clip(name) == is_clip


def test_what_can_be_written_has_a_writer():
    assert set(formats.WRITABLE_PICTURES) == set(WRITERS)
    assert set(formats.WRITABLE_CLIPS) == set(CONTAINERS)


def test_what_is_written_can_be_read_and_nothing_is_two_things():
    assert set(formats.WRITABLE_PICTURES) <= set(formats.READABLE_PICTURES)
    assert set(formats.WRITABLE_CLIPS) <= set(formats.READABLE_CLIPS)
    kinds = [formats.READABLE_PICTURES, formats.READABLE_CLIPS, formats.ARCHIVES]
    names = [suffix for kind in kinds for suffix in kind]
    assert len(names) == len(set(names)) and all(name == name.lower() and name.startswith(".") for name in names)
