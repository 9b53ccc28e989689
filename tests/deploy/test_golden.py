"""The core in C++ against golden vectors of this package: faces found, crops, changes, pasted pictures."""

import json
import os
import platform
import subprocess

import pytest

PROGRAMS = "test_faces", "test_pixels"
SOURCES = "deploy", "core"


def build(root, folder, *options):
    """The programs and the benchmark in `folder`, by CMake."""
    configure = ["cmake", "-S", root.joinpath(*SOURCES), "-B", folder, "-DMFS_TESTS=ON", *options]
    for words in (configure, ["cmake", "--build", folder, "-j2", "--target", *PROGRAMS, "bench_pixels"]):
        done = subprocess.run(list(map(str, words)), text=True, capture_output=True, timeout=900)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder


def run(golden, *words):
    environment = {**os.environ, "MFS_GOLDEN": str(golden)}
    return subprocess.run(list(map(str, words)), text=True, capture_output=True, timeout=900, env=environment)


@pytest.fixture(scope="module")
def native(root, require, tmp_path_factory):
    require("cmake", "cmake")
    require("g++", "g++")
    strict = "-Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"
    return build(root, tmp_path_factory.mktemp("native"), f"-DCMAKE_CXX_FLAGS={strict}")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_core_agrees(native, golden, program):
    done = run(golden, native / program)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_vector_is_noticed(native, golden, program, tmp_path):
    """The programs fail where the package and the core differ: the landmarks and the pasted picture move a little."""
    for path in golden.iterdir():
        (tmp_path / path.name).symlink_to(path)
    index = json.loads((golden / "index.json").read_text())["cases"]["turned"]
    for name in ("meshes", "pasted"):
        path = tmp_path / index[name]["file"]
        values = bytearray(path.read_bytes())
        middle = len(values) // 2 // 12 * 12
        values[middle : middle + 400] = bytes(value ^ 8 for value in values[middle : middle + 400])
        path.unlink()
        path.write_bytes(values)
    assert run(tmp_path, native / program).returncode == 1


def test_without_vectors_it_says_so(native):
    done = run("/nowhere", native / "test_faces")
    assert done.returncode == 1 and done.stderr == "/nowhere/index.json: cannot be read\n"


def test_on_arm(root, require, golden, tmp_path):
    """The phones' instruction set, emulated, and its vectors."""
    require("cmake", "cmake")
    require("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu")
    require("qemu-aarch64", "qemu-user")
    if platform.machine() == "aarch64":
        pytest.skip("this machine is one: tested as it is")
    cross = "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_EXE_LINKER_FLAGS=-static"
    folder = build(root, tmp_path / "arm", "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++", *cross)
    for program in PROGRAMS:
        done = run(golden, "qemu-aarch64", folder / program)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_the_benchmark_names_every_step(native):
    done = run("", native / "bench_pixels", 1)
    steps = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 0 and steps[-1][0] == "frame" and len(steps) == 9
    assert all(float(median) <= float(most) for _, median, most in steps)
