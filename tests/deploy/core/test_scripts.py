"""build.sh and run.sh, with a stand-in for adb that runs a "phone" in a folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_mfs.provenance import read_provenance

ROOT = Path(__file__).resolve().parents[3]
SHELL = ROOT / "deploy" / "shell"
ADB = """#!/usr/bin/env bash
# A phone whose /data/local/tmp/mfs is the folder $PHONE. It runs what it is told by this machine's shell.
there() { echo "${1/\\/data\\/local\\/tmp\\/mfs/$PHONE}"; }
case "$1" in
    get-state) [ -z "$NO_PHONE" ] && echo device ;;
    shell) shift
        if [ "$*" = "getprop ro.product.cpu.abi" ]; then echo "${ABI:-arm64-v8a}"; else
            bash -c "$(echo "$*" | sed "s|/data/local/tmp/mfs|$PHONE|g")"; fi ;;
    push) cp -r "$2" "$(there "$3")" ;;
    pull) cp -r "$(there "$2")" "$3" ;;
esac
"""


@pytest.fixture
def phone(tmp_path):
    """phone(script, *words, **environment) runs a script with the stand-in -> CompletedProcess."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "adb").write_text(ADB)
    (programs / "adb").chmod(0o755)
    (tmp_path / "phone").mkdir()

    def run(script, *words, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANDROID", "PADDLE_LITE"))}
        ours = {"PATH": f"{programs}:{os.environ['PATH']}", "PHONE": str(tmp_path / "phone"), "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            ["bash", str(SHELL / script), *map(str, words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**clean, **ours, **{name: str(value) for name, value in environment.items()}},
        )

    return run


def test_runs_on_a_phone(built, phone, bundle_x86, samples, tmp_path):
    words = [bundle_x86, samples / "source.jpg", samples / "target.jpg", "--python", sys.executable, "--repeats", 2]
    done = phone("run.sh", *words, MFS_BUILD=built("g++").folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "frames a second" in done.stdout and done.stdout.endswith("pulled to output\n")
    record = read_provenance(tmp_path / "output" / "target_source.png")
    assert record["synthetic"] is True and record["source_sha256"]


@pytest.mark.parametrize(
    "environment, message",
    [
        ({"NO_PHONE": "1"}, "no phone"),
        ({"ABI": "x86_64"}, "the phone is x86_64"),
        ({"MFS_BUILD": "/none"}, "/none/mfs_shell is missing; run build.sh first"),
    ],
)
def test_what_is_missing_is_one_line(phone, samples, tmp_path, environment, message):
    (tmp_path / "mfs_shell").touch()
    (tmp_path / "b.zip").touch()
    environment = {"MFS_BUILD": tmp_path, **environment}
    done = phone("run.sh", tmp_path / "b.zip", samples / "source.jpg", samples / "target.jpg", **environment)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1


def test_a_mistake_on_the_phone_is_told(built, phone, samples, tmp_path):
    """The program's line and exit code come through."""
    (tmp_path / "b.zip").write_bytes(b"no bundle")
    done = phone(
        "run.sh", tmp_path / "b.zip", samples / "source.jpg", samples / "target.jpg", MFS_BUILD=built("g++").folder
    )
    assert done.returncode == 2 and "not a zip archive" in done.stderr


def test_build_says_what_it_wants(phone, tmp_path):
    ndk = tmp_path / "ndk"
    lite = {"ANDROID_NDK_HOME": ndk, "PADDLE_LITE_DIR": tmp_path / "lite"}
    for environment, message in (({}, "ANDROID_NDK_HOME is not set"), (lite, f"{ndk}: no NDK there")):
        done = phone("build.sh", **environment)
        assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1
    (ndk / "build" / "cmake").mkdir(parents=True)
    (ndk / "build" / "cmake" / "android.toolchain.cmake").touch()
    done = phone("build.sh", **lite)
    assert done.returncode == 2 and "no Paddle-Lite there" in done.stderr
    (tmp_path / "lite" / "include").mkdir(parents=True)
    (tmp_path / "lite" / "include" / "paddle_api.h").touch()
    done = phone("build.sh", **lite)
    assert done.returncode == 2 and "libpaddle_light_api_shared.so is missing" in done.stderr
