"""The files that come with the package: `weights`, `samples`, `configs`.

In a checkout they are the folders of that name at its top; an installed package carries a copy of them (setup.py).
"""

from pathlib import Path

FOLDERS = ("weights", "samples", "configs")
_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str | Path) -> Path:
    """Path of a folder or file that comes with the package: "weights", "samples/source.jpg"."""
    installed = _PACKAGE / "resources"
    return (installed if installed.is_dir() else _PACKAGE.parent) / name


def find(path: str | Path) -> Path:
    """`path`, or what comes with the package under that name ("configs/smoke.yml") when nothing lies there.

    So `-c configs/smoke.yml` works in any folder. A path that is found in neither place is returned as it is.
    """
    path = Path(path)
    if path.exists() or not path.parts or path.parts[0] not in FOLDERS:
        return path
    own = resource(path)
    return own if own.exists() else path
