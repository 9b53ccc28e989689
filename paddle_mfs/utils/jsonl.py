"""Files of one JSON object a line, each with its "step", that a resumed run goes on with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddle_mfs.utils.files import atomic_path


def append(path: str | Path, line: Mapping[str, Any]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read(path: str | Path) -> list[dict[str, Any]]:
    """The lines as dicts; one that a killed process left unfinished is not read."""
    lines = []
    for text in Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            pass
    return lines


def rewind(path: str | Path, step: int) -> None:
    """Drop what was written after `step`: a run resumed from there writes it again."""
    if Path(path).is_file():
        kept = [line for line in read(path) if line["step"] <= step]
        with atomic_path(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
