"""The core's own tests, built with g++, with clang and sanitizers, and for aarch64 (emulated)."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
CORE = ROOT / "deploy" / "core"
TESTS = sorted(path.stem for path in (CORE / "tests").glob("test_*.cpp"))


@pytest.mark.parametrize("kind", ["g++", "sanitized", "aarch64"])
@pytest.mark.parametrize("test", TESTS)
def test_program(built, golden, tmp_path, test, kind):
    words = [tmp_path] if test == "test_bundle" else []
    done = built(kind).run(test, *words, MFS_GOLDEN=str(golden))
    assert done.returncode == 0, done.stdout + done.stderr


def test_inflated_as_zlib_does(built, tmp_path):
    rng = np.random.default_rng(3)
    members = {
        "empty": b"",
        "byte": b"x",
        "zeros": bytes(300000),
        "noise": rng.bytes(200000),  # stored blocks inside the stream
        "text": (ROOT / "README.md").read_bytes() * 3,
        "floats": rng.normal(0, 0.1, 60000).astype("<f2").astype("<f4").tobytes(),
        "ramp": bytes(range(256)) * 500,
    }
    for level in (1, 6, 9):
        path = tmp_path / f"{level}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        done = built("sanitized").run("program_zip", path)
        assert done.returncode == 0, done.stderr
        assert {line.split()[2]: line.split()[:2] for line in done.stdout.splitlines()} == {
            name: [_sha256(data), str(len(data))] for name, data in members.items()
        }


def test_damaged_archives_are_sentences(built, tmp_path):
    """A byte is changed here and there: one line each, or an archive whose members are right all the same."""
    path, rng = tmp_path / "a.zip", np.random.default_rng(4)
    text = (ROOT / "README.md").read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text", text)
        archive.writestr("noise", rng.bytes(500))
    whole, refused = path.read_bytes(), 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        done = built("sanitized").run("program_zip", path)
        if done.returncode == 0:
            lines = [line for line in done.stdout.splitlines() if line.endswith(" text")]
            assert not lines or lines[0].startswith(_sha256(text))
        else:
            refused += 1
            assert done.returncode == 2 and done.stderr.startswith(f"error: {path}: "), done.stderr
            assert done.stderr.count("\n") == 1
    assert refused > 40


def test_networks_in_a_process(built, small_bundle):
    """Two at a time, wrong shapes, a .nb that makes Paddle-Lite abort: sentences, and a program that goes on."""
    done = built("sanitized").run("program_networks", sys.executable, small_bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(
        line.split(maxsplit=1) if "wrong" not in line else line.split(": ", 1) for line in done.stdout.splitlines()
    )
    assert said["together"] == f"{said['blazeface']} {said['facemesh']}"
    assert said["wrong shape"] == "blazeface: gives an output of shape [1, 896, 16], not [1, 7]"
    assert said["wrong count"] == "blazeface: has 1 inputs and 2 outputs, not 1 and 1"
    assert "ended" in said["nonsense:"] and "ended" in said["afterwards:"]


def test_python_that_is_none(built, small_bundle):
    for python in ("/no/such/python", "/bin/true"):
        done = built("sanitized").run("program_networks", python, small_bundle)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert done.stderr.startswith(f"error: {python} -m paddle_mfs.runtime.serve: cannot be started: ")


@pytest.mark.parametrize(
    "compiler, package", [("g++", "g++"), ("clang++", "clang"), ("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu")]
)
def test_paddle_lite_networks_compile(require, tmp_path, compiler, package):
    """Against declarations of the interface they use, which are kept in the tests: nothing is linked, nothing run."""
    require(compiler, package)
    words = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-c", CORE / "src" / "paddle_lite_networks.cpp"]
    folders = ["-I", CORE / "include", "-I", CORE / "src", "-isystem", CORE / "tests" / "paddle_lite_declarations"]
    done = subprocess.run(
        [compiler, *map(str, [*words, *folders, "-o", tmp_path / "networks.o"])], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_one_header_suffices(require, tmp_path):
    """A program of somebody else's needs no more than mfs.h."""
    require("g++", "g++")
    program = tmp_path / "program.cpp"
    program.write_text('#include "mfs/mfs.h"\nint main() { return mfs::Bundle::open("none").ok(); }\n')
    words = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", CORE / "include", program]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_example_of_the_readme_compiles(require, tmp_path):
    require("g++", "g++")
    [example] = re.findall(r"```cpp\n(.*?)```", (CORE / "README.md").read_text(), re.S)
    given = "#include <cstdio>\nextern mfs::RgbView source;\nextern std::uint8_t *y, *vu;\nextern int y_stride;"
    program = tmp_path / "example.cpp"
    include, code = example.split("\n", 1)
    program.write_text(f"{include}\n{given}\nextern double seconds;\nextern int vu_stride;\n{code}")
    words = ["g++", "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", "-I", CORE / "include", program]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _sha256(data):
    return hashlib.sha256(data).hexdigest()
