"""Programs kept between runs: recording a network takes a second, copying its program none.

They lie in $PADDLE_MFS_CACHE, by default `$XDG_CACHE_HOME/paddle_mfs` or `~/.cache/paddle_mfs`, and may be deleted at
any time. Each lies under a hash of all that it depends on, this package's sources included: one that is out of date is
never found, a damaged one is made again. Where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from paddle_mfs.utils.files import sha256

Save = Callable[[tuple[int, ...], Path], Path]

KEPT = 4  # of one network and size: of this version and a few others
FILES, SUMS, PART = ("network.pdmodel", "network.pdiparams"), "sha256", ".part-"
SOURCES = ("ops", "models", "runtime")  # folders of this package that programs depend on


def cached(save: Save, name: str, weights: str) -> Save:
    """`save` (see `runner.Runner`, writing `FILES`), called only for programs that are not kept yet.

    Args:
        name: of the network. weights: SHA-256 of them. With this package's sources both determine the program.
    """

    def saved(shape: tuple[int, ...], folder: Path) -> Path:
        family = f"{name}-{'x'.join(map(str, shape))}"
        facts = (family, weights, importlib.metadata.version("paddlepaddle"), _sources())
        kept = _home() / "programs" / family / hashlib.sha256("\n".join(facts).encode()).hexdigest()
        if not _taken(kept, folder):
            save(shape, folder)
            with contextlib.suppress(OSError):  # a full disk, a folder of somebody else's: it goes without
                _keep(folder, kept)
        return folder / FILES[0]

    return saved


def _home():
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(os.environ.get("PADDLE_MFS_CACHE") or Path(base) / "paddle_mfs")


def _sources():
    """Hash of the sources that decide what is recorded."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in (package / folder).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _taken(kept, folder):
    """Copy a kept program to `folder`: whether it was there and whole."""
    try:
        for name, wanted in zip(FILES, (kept / SUMS).read_text(encoding="ascii").split(), strict=True):
            shutil.copyfile(kept / name, folder / name)
            if sha256(folder / name) != wanted:
                return False
        os.utime(kept)
    except (OSError, ValueError):
        return False
    return True


def _keep(folder, kept):
    """Copy the program in `folder` to its place, all of it or nothing, and drop the oldest of too many."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=PART, ignore_cleanup_errors=True) as part:
        for name in FILES:
            shutil.copyfile(folder / name, Path(part) / name)
        (Path(part) / SUMS).write_text(" ".join(sha256(Path(part) / name) for name in FILES), encoding="ascii")
        shutil.rmtree(kept, ignore_errors=True)  # a damaged one
        os.rename(part, kept)  # fails where another process was faster
    others = (path for path in kept.parent.iterdir() if not path.name.startswith(PART))
    for path in sorted(others, key=os.path.getmtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
