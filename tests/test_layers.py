"""One staircase: no import goes up, no folder and no file is part of a circle, CONTRIBUTING's diagram is true."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "paddle_mfs"
# From the ground up: a file imports from its own place and from those before it.
LAYERS = (
    "version utils ops weights provenance signing runtime models graph face swap teachers metrics video data losses "
    "export apps engine bench convert cli"
).split()
BLOCK = re.compile(r"<!-- layers -->\n```\n(.*?)```", re.S)


def modules(package=PACKAGE):
    """Dotted name -> path of every module of the package."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path, known):
    """Modules of the package that a file imports, in functions too -> [(line number, dotted name)]."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import; write the whole name"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in whole]
        else:
            continue
        found += [(node.lineno, name) for name in names if name.split(".")[0] == PACKAGE.name]
    return found


def layer(module):
    """The folder: "face" of "paddle_mfs.face.align"; "" of the package itself, which stands on the roof."""
    return module.split(".")[1] if "." in module else ""


def upward(package=PACKAGE):
    """Every import that goes up, as "FILE:LINE imports NAME"."""
    known, found = modules(package), []
    for name, path in known.items():
        if layer(name) == "":
            continue
        for line, target in imports(path, known):
            if layer(target) == "" or LAYERS.index(layer(target)) > LAYERS.index(layer(name)):
                found.append(f"{path.relative_to(package.parent)}:{line} imports {target}")
    return found


def edges():
    """{folder: set of the other folders it imports from}."""
    known, found = modules(), {one: set() for one in LAYERS}
    for name, path in known.items():
        if layer(name):
            found[layer(name)] |= {layer(target) for _, target in imports(path, known)} - {layer(name)}
    return found


def diagram():
    """The imports between folders as CONTRIBUTING.md shows them, the roof first."""
    lines, known = [], edges()
    for one in reversed(LAYERS):
        below = [other for other in reversed(LAYERS) if other in known[one]]
        lines.append(f"{one:<11}{'-> ' + ' '.join(below) if below else ''}".rstrip())
    return "\n".join(lines) + "\n"


def test_every_folder_has_its_place():
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there - {"__init__"} == set(LAYERS)


def test_no_import_goes_up():
    assert upward() == []


def test_an_import_that_goes_up_is_named(tmp_path):
    package = tmp_path / PACKAGE.name
    for name, text in {
        "__init__": "",
        "face/__init__": "",
        "face/align": "def cut():\n    import paddle_mfs.swap\n",
        "swap/__init__": "",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / f"{name}.py").write_text(text)
    assert upward(package) == ["paddle_mfs/face/align.py:2 imports paddle_mfs.swap"]


def test_no_file_is_part_of_a_circle():
    known = modules()
    graph = {name: {target for _, target in imports(path, known)} - {name} for name, path in known.items()}
    waiting = dict(graph)
    while waiting:
        free = [name for name, targets in waiting.items() if not targets & waiting.keys()]
        assert free, f"these files import each other in a circle, or lead into one: {', '.join(sorted(waiting))}"
        for name in free:
            del waiting[name]


@pytest.mark.parametrize("document", ["CONTRIBUTING.md"])
def test_the_diagram_is_true(document):
    shown = BLOCK.search((ROOT / document).read_text(encoding="utf-8"))
    assert shown, f"{document}: has no block of layers"
    assert shown.group(1) == diagram(), f"{document}: the imports are now\n{diagram()}"
