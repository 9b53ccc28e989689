"""The core and mfs_shell, built: with g++ as they are used, with clang and sanitizers, for aarch64."""

import fcntl
import functools
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all"


class Kind(NamedTuple):
    """A way to build: programs and the Debian packages they are in, flags, what runs the programs, what is built."""

    needs: dict[str, str]
    cmake: list[str]
    runner: list[str] = []
    targets: list[str] = ["all"]


KINDS = {
    "g++": Kind({"g++": "g++"}, ["-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_CXX_FLAGS=-Werror"]),
    "sanitized": Kind(
        {"clang++": "clang"},
        ["-DCMAKE_CXX_COMPILER=clang++", f"-DCMAKE_CXX_FLAGS=-O1 -Werror {SANITIZE}", "-DCMAKE_BUILD_TYPE=None"],
    ),
    "aarch64": Kind(
        {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"},
        [
            "-DCMAKE_SYSTEM_NAME=Linux",
            "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
            "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
            "-DCMAKE_CXX_FLAGS=-Werror",
            "-DCMAKE_CXX_FLAGS_RELEASE=-O2",
            "-DCMAKE_EXE_LINKER_FLAGS=-static",
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


@pytest.fixture(scope="session")
def built(require):
    """built("g++") -> Built. Skips when a compiler is missing, naming its Debian package."""

    @functools.cache
    def build(name):
        """What went wrong; empty: nothing. Asked once: what does not build is not tried for every test."""
        folder = _folder(name)
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

    def get(name):
        for program, package in {"cmake": "cmake", **KINDS[name].needs}.items():
            require(program, package)
        if name == "sanitized" and not _has_sanitizers():
            require("the sanitizers of clang++", "libclang-rt-dev")
        problem = build(name)
        assert not problem, problem
        return Built(KINDS[name], _folder(name))

    return get


def _folder(name):
    return ROOT / "build" / f"deploy_{name}"


@functools.cache
def _has_sanitizers():
    words = ["clang++", *SANITIZE.split(), "-x", "c++", "-", "-o", os.devnull]
    return subprocess.run(words, input="int main() {}", capture_output=True, text=True).returncode == 0


@pytest.fixture(scope="session")
def golden(tmp_path_factory):
    """Folder of the golden vectors that the core is held against."""
    from paddle_mfs.export.golden import export_golden

    folder = tmp_path_factory.mktemp("vectors") / "golden"
    export_golden(folder)
    return folder


@pytest.fixture(scope="session")
def small_bundle(bundle_x86, tmp_path_factory):
    """The same without the weight of the networks that inject: quickly opened. Only its identity can be worn."""
    path = tmp_path_factory.mktemp("bundle") / "small.zip"
    with zipfile.ZipFile(bundle_x86) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    deploy = json.loads(members["deploy.json"])
    for name in ("encoder.nb", "iin.nb"):
        members[name] = members[name][:1000]
        deploy["files"][name].update(bytes=1000, sha256=hashlib.sha256(members[name]).hexdigest())
    members["deploy.json"] = json.dumps(deploy).encode()
    write_zip(path, members)
    return path


def write_zip(path, members):
    """Write {name: bytes} as a zip of stored members."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.fixture(scope="session")
def shell(built, bundle_x86):
    """shell("--source", path, ...) runs mfs_shell with a bundle -> CompletedProcess. kind: of the build."""

    def run(*words, kind="g++", bundle=bundle_x86):
        return built(kind).run("mfs_shell", "--bundle", bundle, "--python", sys.executable, *words)

    return run


@pytest.fixture(scope="session")
def report():
    """report(CompletedProcess of mfs_shell --json) -> what it printed, as a dict."""

    def read(done):
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return read
