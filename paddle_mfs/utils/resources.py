"""The files that come with the package: `weights`, `samples`, `configs`.

In a checkout they are the folders of that name at its top; an installed package carries a copy of them (setup.py).
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """Path of a folder or file that comes with the package: "weights", "samples/source.jpg"."""
    installed = _PACKAGE / "resources"
    return (installed if installed.is_dir() else _PACKAGE.parent) / name
