"""Finds a network's files in what the user has: the package of its card, a folder of packages, or the file itself."""

from __future__ import annotations

import contextlib
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, cast

from paddle_mfs.convert.networks import NETWORKS, Network
from paddle_mfs.utils.errors import UserError

ZIPS, TARS = (".whl", ".zip"), (".tgz", ".tar.gz", ".tar")  # wheels; packages of npm and source distributions


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[tuple[list[str], Callable[[str], bytes]]]:
    """An opened package: (the names of its files, a function that reads one). Raises UserError when it is damaged."""
    try:
        if path.name.lower().endswith(ZIPS):
            with zipfile.ZipFile(path) as zipped:
                yield zipped.namelist(), zipped.read
        else:
            with tarfile.open(path) as opened:
                members = {member.name: member for member in opened.getmembers() if member.isfile()}
                yield list(members), lambda name: cast(IO[bytes], opened.extractfile(members[name])).read()
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(f"{path}: a damaged package ({type(error).__name__}: {error}); fetch it again") from None


def _is_archive(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(ZIPS + TARS)


def _inside(names: Sequence[str], files: Sequence[str]) -> list[str]:
    """The names, in an archive, of a network's files; packages may put a folder of their own around them."""
    found = [[name for name in names if name == file or name.endswith("/" + file)] for file in files]
    return [min(ones, key=len) for ones in found if ones]


def _plain(text: str) -> str:
    return re.sub("[^a-z0-9.]+", "-", text.lower()).strip("-")


def _is_of(path: Path, network: Network) -> bool:
    """Is this archive, by its name, the package of the network's card?"""
    package, version = network.origin["package"], network.origin["version"]
    names = tuple(_plain(f"{part}-{version}") for part in (package, package.rpartition("/")[2]))
    return _is_archive(path) and _plain(path.name).startswith(names)


def _candidates(source: Path, network: Network) -> Iterator[Path]:
    """In a folder, what may hold a network: its first file, there or in an unpacked package, and its package."""
    first = PurePosixPath(network.files[0])
    yield from (path for path in (source / first.name, source / first, source / "package" / first) if path.is_file())
    yield from (path for path in sorted(source.iterdir()) if _is_of(path, network))


def _wanted(network: Network) -> str:
    origin = network.origin
    return (
        f"{', '.join(network.files)} of {origin['package']} {origin['version']} ({origin['registry']}, {origin['url']})"
    )


def read_files(source: str | Path, name: str) -> tuple[list[bytes], str]:
    """The files of a network.

    Args:
        source: the package of its card (wheel, source distribution or npm's .tgz), its file (of several the first, the
            others beside it), or a folder of such.
        name: a key of networks.NETWORKS.
    Returns: (the contents, in the order of the network's `files`; where from, for errors).
    Raises UserError when there are none, or a package is damaged.
    """
    source, network = Path(source), NETWORKS[name]
    if not source.exists():
        raise UserError(f"{source}: no such file or folder; give with --from {_wanted(network)}")
    if source.is_dir():
        place = next(_candidates(source, network), None)
        if place is None:
            raise UserError(f"{source}: has nothing for {name}; it needs {_wanted(network)}")
        source = place
    if _is_archive(source):
        with _archive(source) as (names, read):
            for file in network.files:
                if not _inside(names, [file]):
                    raise UserError(f"{source}: has no {file}; give {_wanted(network)}")
            inside = _inside(names, network.files)
            return [read(one) for one in inside], f"{source}: {inside[0]}"
    paths = [source, *(source.with_name(PurePosixPath(file).name) for file in network.files[1:])]
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path}: not found beside {source.name}; give {_wanted(network)}")
    return [path.read_bytes() for path in paths], str(source)


def present(source: str | Path) -> list[str]:
    """Names of the networks whose files lie in `source`, see `read_files`. Raises UserError when there is none."""
    source = Path(source)
    if not source.exists():
        raise UserError(f"{source}: no such file or folder; give a package or its file with --from")
    if source.is_dir():
        found = [name for name, network in NETWORKS.items() if next(_candidates(source, network), None)]
    elif _is_archive(source):
        with _archive(source) as (names, _):
            found = [name for name, one in NETWORKS.items() if len(_inside(names, one.files)) == len(one.files)]
    else:
        found = [name for name, one in NETWORKS.items() if PurePosixPath(one.files[0]).name == source.name]
    if not found:
        wanted = sorted({f"{one.origin['package']} {one.origin['version']}" for one in NETWORKS.values()})
        raise UserError(f"{source}: holds no network that is known; packages that do: {', '.join(wanted)}")
    return found
