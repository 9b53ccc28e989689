"""Writing files so that a crash never leaves half of one."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_mfs.utils.errors import UserError

MOST_BYTES = 255  # of a file's name, on every usual file system


def file_name(stem: str, ending: str) -> str:
    """`stem` + `ending`, of the stem as much as a file's name may hold."""
    kept = os.fsencode(stem)[: MOST_BYTES - len(os.fsencode(ending))]
    return kept.decode("utf-8", "ignore") + ending if kept != os.fsencode(stem) else stem + ending


def printable(name: str | Path) -> str:
    """A name that any file can hold: bytes of it that are no UTF-8 are written out, caf\\xe9.jpg."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """The block writes `path`: what keeps it from that, an OSError, becomes a UserError of one line."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from None


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path` (same suffix); renamed to `path` when the block succeeds, else removed.

    Raises UserError where the folder cannot be made or written to.
    """
    path = Path(path)
    temporary = path.with_name(file_name(path.stem, f".part-{os.getpid()}{path.suffix}"))
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
