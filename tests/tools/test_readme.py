"""What README and docs show works: the Python runs, tools exist and take the options shown, links lead somewhere.

That the commands run is tested in tests/test_docs.py.
"""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TOOLS = sorted(path.stem for path in (ROOT / "tools").glob("*.py"))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def commands(text):
    """Every `python tools/...` line of a text as (tool, its words)."""
    for line in text.replace("\\\n", " ").splitlines():
        found = re.match(r"(?: {4}|.*&& )?python (tools/\w+\.py)(.*)", line)
        if found:
            yield found[1], shlex.split(found[2], comments=True)


def test_python_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {}
    [block] = blocks("python")
    exec(compile(block, "README.md", "exec"), names)  # our own README
    assert names["result"].shape == names["image"].shape and (names["result"] != names["image"]).any()


@pytest.mark.parametrize("tool", TOOLS)
def test_help(run_script, tool):
    done = run_script(tool, "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage:") and "Traceback" not in done.stderr, done.stderr


def test_commands_name_real_tools_and_options(run_script):
    @cache
    def known(*words):
        return run_script(*words, "--help").stdout

    found = [(path.name, *command) for path in DOCUMENTS for command in commands(path.read_text(encoding="utf-8"))]
    assert len(found) >= 40
    for document, tool, words in found:
        assert (ROOT / tool).is_file(), f"{document}: {tool}"
        name = Path(tool).stem
        sub = words[:1] if name == "benchmark" and words and not words[0].startswith("-") else []
        for word in words:
            option = word.split("=")[0]
            if option.startswith("-"):
                shown = re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", known(name, *sub))
                assert shown, f"{document}: {tool} has no {word}"


def test_every_tool_named_exists_and_every_tool_is_named():
    assert set(re.findall(r"tools/(\w+)\.py", README)) == set(TOOLS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_make_targets_and_links(path):
    makefile, text = (ROOT / "Makefile").read_text(), path.read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^|\n)make ([a-z][a-z-]*)", text):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("http"):
            assert (path.parent / link).exists(), link
