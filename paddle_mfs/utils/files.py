"""Writing files so that a crash never leaves half of one."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from paddle_mfs.utils.errors import UserError


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary name beside `path` (same suffix); rename it to `path` when the block succeeds, remove it otherwise."""
    path = Path(path)
    temporary = path.with_name(f"{path.stem}.part-{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path, value):
    """Write `value` as indented JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path):
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
