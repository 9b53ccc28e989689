"""What the linters do not see: lines, type hints and the number of parameters of what others may call."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "paddle_mfs"
FOLDERS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()) + ["."]
LONGEST, MOST = 120, 7  # characters of a line; parameters
REASON = "More than seven parameters:"  # begins the reason in the docstring of a function that has more


def files(folder):
    return sorted(PACKAGE.glob("*.py") if folder == "." else (PACKAGE / folder).rglob("*.py"))


def public_functions(path):
    """Every function and method that others may call, `__init__` included -> (its name in the file, node)."""

    def inside(body, prefix):
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from inside(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if not node.name.startswith("_") or node.name in ("__init__", "__call__"):
                    yield prefix + node.name, node

    return list(inside(ast.parse(path.read_text(encoding="utf-8")).body, ""))


def parameters(node):
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [one for one in named if one.arg not in ("self", "cls")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_functions_have_type_hints(folder):
    missing = []
    for path in files(folder):
        for name, node in public_functions(path):
            bare = [one.arg for one in parameters(node) if one.annotation is None]
            if bare or (node.returns is None and node.name != "__init__"):
                missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}: {', '.join(bare) or 'what it returns'}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("folder", FOLDERS)
def test_more_than_seven_parameters_have_a_reason(folder):
    many = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}: {len(parameters(node))} parameters"
        for path in files(folder)
        for name, node in public_functions(path)
        if len(parameters(node)) > MOST and REASON not in (ast.get_docstring(node) or "")
    ]
    assert not many, "\n".join(many)


def test_lines_are_short():
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("paddle_mfs", "tools", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST and len(line.split()) > 1  # a URL is one word
    ]
    assert not long, "\n".join(long)
