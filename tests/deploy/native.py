"""Builds of deploy/ on this machine: with g++ as it is used, with clang and sanitizers, for aarch64."""

import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all"
PRECOMPILE = "-DMFS_PRECOMPILE=ON"  # not with g++: there a header that is not included is missed


def jdk():
    """Folder of the JDK that javac is from, or None."""
    javac = shutil.which("javac")
    return javac and Path(javac).resolve().parents[1]


class Kind(NamedTuple):
    """A way to build: programs and the Debian packages they are in, flags, what runs the programs, what is built."""

    needs: dict[str, str]
    cmake: list[str]
    runner: list[str] = []
    targets: list[str] = ["all"]


KINDS = {
    "g++": Kind(
        {"g++": "g++"},
        [
            "-DCMAKE_CXX_COMPILER=g++",
            "-DCMAKE_CXX_FLAGS=-Werror",
            *(["-DMFS_JNI=ON", f"-DMFS_JDK={jdk()}"] if jdk() else []),  # the core is compiled once for both
        ],
    ),
    "sanitized": Kind(
        {"clang++": "clang"},
        [
            "-DCMAKE_CXX_COMPILER=clang++",
            f"-DCMAKE_CXX_FLAGS=-O1 -Werror {SANITIZE}",
            "-DCMAKE_BUILD_TYPE=None",
            PRECOMPILE,
        ],
    ),
    "aarch64": Kind(
        {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"},
        [
            "-DCMAKE_SYSTEM_NAME=Linux",
            "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
            "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
            "-DCMAKE_CXX_FLAGS=-Werror",
            "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
            "-DCMAKE_EXE_LINKER_FLAGS=-static",
            PRECOMPILE,
        ],
        ["qemu-aarch64"],
        sorted(path.stem for path in (ROOT / "deploy" / "core" / "tests").glob("test_*.cpp")),
    ),
}


class Built:
    """The programs of one kind of build, in a folder that is kept: only what changed is built again."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder

    def program(self, name):
        """The words that run a program: mfs_shell, or one of deploy/core/tests."""
        [path] = [path for path in (self.folder / name, self.folder / "core" / name) if path.is_file()]
        return [*self.kind.runner, str(path)]

    def run(self, name, *words, **environment):
        """Run a program -> CompletedProcess, its output as text."""
        return subprocess.run(
            [*self.program(name), *map(str, words)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                **({"MFS_QUICK": "1"} if self.kind.runner else {}),
                **environment,
            },
        )


@functools.cache
def build(name):
    """Build a kind -> what went wrong; empty: nothing. Asked once: what does not build is not tried for every test."""
    folder = folder_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:  # test processes side by side share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        for step in (
            ["cmake", "-S", ROOT / "deploy" / "shell", "-B", folder, "-DMFS_TESTS=ON", *KINDS[name].cmake],
            ["cmake", "--build", folder, "--parallel", str(os.cpu_count() or 2), "--target", *KINDS[name].targets],
        ):
            done = subprocess.run(list(map(str, step)), capture_output=True, text=True)
            if done.returncode:
                return done.stdout[-2000:] + done.stderr[-8000:]
    return ""


def folder_of(name):
    """Where a kind is built."""
    return ROOT / "build" / f"deploy_{name}"


@functools.cache
def has_sanitizers():
    """Whether clang++ links them."""
    words = ["clang++", *SANITIZE.split(), "-x", "c++", "-", "-o", os.devnull]
    return subprocess.run(words, input="int main() {}", capture_output=True, text=True).returncode == 0
