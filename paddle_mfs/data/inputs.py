"""What faces are prepared from (pictures in folders and archives, clips, generated faces), and who is shown there.

folder of folders   each a person                       VGGFace2: n000001/0001_01.jpg
flat                each picture somebody else          CelebA-HQ: 00000.jpg
numbered folders    flat too, a thousand to a folder    FFHQ: 01000/01234.png
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from paddle_mfs.data.shards import is_set
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import printable
from paddle_mfs.utils.formats import ARCHIVES, kind_by_name, kind_of

LARGEST = 512 << 20  # bytes of a picture; what is larger is none, or fills the memory

# Folders that sort pictures by something else than the person.
NO_PERSON = {"train", "training", "val", "valid", "validation", "test", "testing", "images", "img", "male", "female"}


class Input(NamedTuple):
    """One thing to look at.

    kind: "picture", "clip", "generated", or "unreadable"; name: as the manifest has it; root: part of the name, the
    folder or archive in which labels count; place: file, or of a generated face (index, number of the view), 0: the
    face itself; member: name in the zip file; data: bytes of a member of a tar file; label: who is shown, "" until it
    is known; reason: of an unreadable one.
    """

    kind: str
    name: str
    root: str = ""
    place: Any = None
    member: str | None = None
    data: bytes | None = None
    label: str = ""
    reason: str = ""

    @property
    def folder(self) -> str:
        """The folder the name has."""
        return str(PurePosixPath(self.name).parent)


def find_inputs(paths: Iterable[str | Path], read: bool = True) -> Iterator[Input]:
    """Yield the Inputs of files, folders (recursive) and archives, always in the same order.

    read: with the bytes of pictures in tar files, which are read from front to back.
    A prepared set within a folder is passed over as unreadable: its pictures are those that were left out.
    Raises: UserError for a path that is missing, a file of no known kind, or one that is a prepared set itself.
    """
    for path in map(os.path.normpath, paths):
        if not os.path.isdir(path):
            if not os.path.isfile(path):
                raise UserError(f"{path}: no such file or folder; give pictures, clips, archives or folders of them")
            if os.path.basename(path).startswith(".") or not (path.lower().endswith(ARCHIVES) or kind_of(path)):
                raise UserError(f"{path}: not a picture, clip or archive ({', '.join(ARCHIVES)}); give one of them")
            yield from _file(path, os.path.dirname(path), read, is_named=True)
            continue
        if is_set(path):
            raise UserError(f"{path}: is a prepared set; give the pictures it was made from, or use it as it is")
        for folder, folders, files in os.walk(path):
            if is_set(folder):
                folders.clear()
                yield Input("unreadable", Path(folder).as_posix(), path, folder, reason="a prepared set")
                continue
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                yield from _file(os.path.join(folder, name), path, read)


def _file(path, root, read, is_named=False):
    """The Inputs of one file: itself, or what an archive holds. Nothing for files of other kinds and hidden ones."""
    name, lower = printable(Path(path).as_posix()), os.path.basename(path).lower()
    root = printable(Path(root).as_posix())
    if lower.startswith("."):
        return
    is_archive = lower.endswith(ARCHIVES)
    if not os.path.isfile(path):
        if is_archive or kind_by_name(path):
            yield Input("unreadable", name, root, path, reason="not a file (a pipe, or a link to nothing)")
        return
    kind = kind_by_name(path)
    if not kind and (is_named or not os.path.splitext(path)[1]):  # sets hold many files of other kinds: no look at each
        kind = kind_of(path)
    if is_archive:
        try:
            yield from _zipped(path, name) if lower.endswith(".zip") else _tarred(path, name, read)
        except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            yield Input("unreadable", name, name, path, reason=f"damaged archive ({' '.join(str(error).split())})")
    elif kind == "clip":
        yield Input("clip", name, root, path, label=name)
    elif kind:  # of an animation the first frame
        yield _picture(name, root, path, None, os.path.getsize(path))


def _zipped(path, name):
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if not info.is_dir() and _is_shown(info.filename):
                yield _member(f"{name}/{info.filename}", name, path, info.filename, info.file_size)


def _tarred(path, name, read):
    with tarfile.open(path, "r|*") as archive:
        for info in archive:
            if info.isfile() and _is_shown(info.name):
                one = _member(f"{name}/{printable(PurePosixPath(info.name))}", name, path, None, info.size)
                yield one._replace(data=archive.extractfile(info).read()) if read and one.kind == "picture" else one
            archive.members = []  # else tarfile keeps an entry of every member


def _member(name, root, path, member, size):
    if kind_by_name(name) == "clip":
        return Input("unreadable", name, root, path, reason="a clip in an archive: unpack it")
    return _picture(name, root, path, member, size)


def _picture(name, root, path, member, size):
    if size > LARGEST:
        return Input("unreadable", name, root, path, reason=f"{size >> 20} MB: no picture is so large")
    return Input("picture", name, root, path, member)


def _is_shown(member):
    """Is a member of an archive a picture or clip that is not hidden?"""
    path = PurePosixPath(member)
    return bool(kind_by_name(member)) and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


class Layout:
    """Who is shown, by the folders that pictures lie in.

    Args:
        how: "folder": a folder is a person; "none": every picture is somebody else; "auto": a folder is a person unless
            it is the only one with pictures, numbered as in FFHQ, or named like a split of a data set.

    Show it every Input first (`add`), then ask for labels.
    """

    def __init__(self, how: str = "auto"):
        self.how = how
        self._numbered: dict[str, bool] = {}
        self._folders: dict[str, set[str]] = {}

    def add(self, one: Input) -> None:
        """Take note of an Input."""
        if one.kind == "picture" and one.folder != one.root:
            stem, folder = PurePosixPath(one.name).stem, PurePosixPath(one.folder).name
            fits = stem.isdecimal() and folder.isdecimal() and int(stem) // 1000 * 1000 == int(folder)
            self._numbered[one.folder] = self._numbered.get(one.folder, True) and fits
            self._folders.setdefault(one.root, set()).add(one.folder)

    def label(self, one: Input) -> str:
        """The person's label: their folder, or the picture's own name."""
        folder = one.folder
        if self.how == "none" or folder == one.root or one.label or one.kind != "picture":
            return one.label or one.name
        no_person = (
            len(self._folders[one.root]) == 1
            or self._numbered[folder]
            or PurePosixPath(folder).name.lower() in NO_PERSON
        )
        return one.name if self.how == "auto" and no_person else folder
