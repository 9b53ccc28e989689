"""docs/method.md points at the code: every file, function and test that its table names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("| symbol or term ")[2].partition("\n\n")[0].splitlines()[2:]
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in TABLE]


@cache
def names(path):
    """What a Python file defines: functions, classes, their methods as Class.method, constants."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
            inside = node.body if isinstance(node, ast.ClassDef) else []
            found |= {f"{node.name}.{item.name}" for item in inside if isinstance(item, ast.FunctionDef)}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def missing(path, wanted):
    """What a row names and is not there, each with what it would have to be."""
    if not path.is_file():
        return [f"{path.relative_to(ROOT)}: no such file"]
    return [f"{path.relative_to(ROOT)}: defines no {name}" for name in wanted if name not in names(path)]


def test_the_table_is_whole():
    assert len(ROWS) >= 25 and {len(row) for row in ROWS} == {5}
    assert len({row[0] for row in ROWS}) == len(ROWS)
    assert all(row[1] and row[3] and row[4] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_is_named_is_there(row):
    lost = []
    for part in row[3].split(";"):
        file, *wanted = re.findall(r"`([^`]+)`", part)
        lost += missing(ROOT / "paddle_mfs" / file, wanted)
    for test in re.findall(r"`([^`]+)`", row[4]):
        file, _, name = test.partition("::")
        lost += missing(ROOT / file, [name] if name else [])
    assert not lost, f"docs/method.md, row {row[0]}: {'; '.join(lost)}"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#]+)\)", TEXT))))
def test_links(path):
    assert path.startswith("https://") or (ROOT / "docs" / path).exists()


def test_a_name_that_is_not_there_would_show():
    assert missing(ROOT / "paddle_mfs" / "models" / "iin.py", ["IIN.inject", "IIN.foretell"]) == [
        "paddle_mfs/models/iin.py: defines no IIN.foretell"
    ]
    assert missing(ROOT / "paddle_mfs" / "none.py", []) == ["paddle_mfs/none.py: no such file"]
