"""What the README shows works: its Python runs, its tools take the options shown, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOOLS = sorted(path.stem for path in (ROOT / "tools").glob("*.py"))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def commands():
    """Every `python tools/...` line of the README as (tool, its words)."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [
        (words[1], words[2:])
        for words in (shlex.split(line, comments=True) for line in lines)
        if len(words) > 1 and words[0] == "python" and words[1].startswith("tools/")
    ]


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


def test_commands_name_real_tools_options_and_files(run_script):
    assert len(commands()) >= 6
    for tool, words in commands():
        assert (ROOT / tool).is_file(), tool
        known = run_script(Path(tool).stem, "--help").stdout
        for word in words:
            if word.startswith("-"):
                assert re.search(rf"(?<![\w-]){re.escape(word.split('=')[0])}(?![\w-])", known), f"{tool} has no {word}"
            elif word.startswith(("samples/", "configs/", "tests/")):
                assert list(ROOT.glob(word)), word


def test_every_tool_named_exists_and_every_tool_is_named():
    assert set(re.findall(r"tools/(\w+)\.py", README)) == set(TOOLS)


def test_make_targets_and_links():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z][a-z-]*)", README):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        if not link.startswith("http"):
            assert (ROOT / link).exists(), link
