"""tools/push_android.py as a user runs it, with a program `adb` that plays a phone: adb is the boundary.

It does what it is told where that can be seen (files are copied into a folder, and back), and writes down its calls.
"""

import json
import os
import sys
import zipfile

import numpy as np
import pytest

from paddle_mfs.cli import push_android

ADB = """#!{python}
import json, os, pathlib, shutil, sys
plays = json.loads(pathlib.Path({plays!r}).read_text())
words = sys.argv[1:]
with open(plays["calls"], "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words == ["devices"]:
    print("List of devices attached")
    for serial, state in plays["phones"].items():
        print(serial + "\\t" + state)
    sys.exit()
assert words[0] == "-s" and words[1] in plays["phones"], words
what, *rest = words[2:]
for refused, said in plays["refuses"].items():
    if refused in " ".join([what, *rest]):
        print("more than this is said", said, sep="\\n", file=sys.stderr)
        sys.exit(1)
phone = pathlib.Path(plays["phone"])
if what == "push":
    place = phone / rest[1].lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(rest[0], place)
elif what == "pull":
    pathlib.Path(rest[1]).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(rest[1]) / "pulled.txt").write_text(rest[0])
elif what == "shell":
    print(plays["answers"].get(rest[0].split()[0], ""))
"""


@pytest.fixture
def phone(monkeypatch, tmp_path):
    """phone(phones=..., refuses=..., answers=...): an adb on PATH that plays this -> function that reads its calls."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs) + os.pathsep + os.environ["PATH"])

    def plug_in(phones=(("A1", "device"),), refuses=(), answers=()):
        plays, calls = tmp_path / "plays.json", tmp_path / "calls.txt"
        known = {"getprop": "arm64-v8a,armeabi-v7a", "am": "Starting: Intent", **dict(answers)}
        told = {"phones": dict(phones), "refuses": dict(refuses), "answers": known}
        plays.write_text(json.dumps({**told, "calls": str(calls), "phone": str(tmp_path / "phone")}))
        (programs / "adb").write_text(ADB.format(python=sys.executable, plays=str(plays)))
        (programs / "adb").chmod(0o755)
        return lambda: [json.loads(line) for line in calls.read_text().splitlines()]

    return plug_in


@pytest.fixture
def built(monkeypatch, tmp_path):
    """Everything is built, as far as this tool sees: files of those names -> their folder."""
    folder = tmp_path / "built"
    folder.mkdir()
    for name in ("mfs_shell", "app-debug.apk", "libpaddle_light_api_shared.so", "libc++_shared.so"):
        (folder / name).write_text(name)
    monkeypatch.setattr(push_android, "SHELL", folder / "mfs_shell")
    monkeypatch.setattr(push_android, "APK", folder / "app-debug.apk")
    return folder


@pytest.fixture
def bundle(tmp_path):
    """A bundle as far as this tool reads it."""
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("deploy.json", json.dumps({"target": "arm", "identities": [{"name": "anna"}]}))
    return path


def refused(done, *told):
    """One clear line, and nothing else."""
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    for words in told:
        assert words in done.stderr, done.stderr


@pytest.mark.slow  # it exports a bundle
def test_a_new_bundle_for_the_shell_program_and_the_app(run_here, phone, built, samples, tmp_path):
    calls = phone()
    out = tmp_path / "out"
    done = run_here("push_android", "--source", samples / "source.jpg", "--repeats", 3, "--output", out)
    assert done.returncode == 0 and f"{out}: what the phone wrote" in done.stdout, done.stderr
    place = tmp_path / "phone" / "data" / "local" / "tmp" / "mfs"
    assert sorted(path.name for path in place.iterdir()) == [
        "bundle.zip",
        "libc++_shared.so",
        "libpaddle_light_api_shared.so",
        "mfs_shell",
        "target.ppm",
    ]
    with zipfile.ZipFile(place / "bundle.zip") as pushed:
        deploy = json.loads(pushed.read("deploy.json"))
    assert deploy["target"] == "arm" and [one["name"] for one in deploy["identities"]] == ["source"]
    header, _, pixels = (place / "target.ppm").read_bytes().partition(b"255\n")
    assert header == b"P6 512 512 " and np.frombuffer(pixels, np.uint8).size == 3 * 512 * 512
    [ran] = [words[3] for words in calls() if "./mfs_shell" in words[-1]]
    assert ran.startswith("cd /data/local/tmp/mfs && LD_LIBRARY_PATH=. ./mfs_shell --bundle bundle.zip")
    assert "--identity 'source'" in ran and "--device cpu --repeats 3" in ran
    assert calls()[-1] == ["-s", "A1", "pull", "/data/local/tmp/mfs/output", str(out)]
    done = run_here("push_android", "--bundle", out / "cpu.zip", "--app")
    assert done.returncode == 0 and "A1: org.paddlemfs.app runs with cpu.zip" in done.stdout, done.stderr


def test_the_app(run_here, phone, built, bundle, tmp_path):
    calls = phone([("A1", "device"), ("B2", "unauthorized")])
    done = run_here("push_android", "--bundle", bundle, "--app", "--serial", "A1")
    assert done.returncode == 0 and "A1: org.paddlemfs.app runs with made.zip" in done.stdout, done.stderr
    said = [" ".join(words[2:]) for words in calls() if words != ["devices"]]
    assert said == [
        "shell getprop ro.product.cpu.abilist",
        f"install -r {built / 'app-debug.apk'}",
        f"push {bundle} /data/local/tmp/mfs_bundle.zip",
        "shell run-as org.paddlemfs.app mkdir -p files/bundles",
        "shell cat /data/local/tmp/mfs_bundle.zip | run-as org.paddlemfs.app sh -c "
        "'cat > files/bundles/cpu.zip.part && mv files/bundles/cpu.zip.part files/bundles/cpu.zip'",
        "shell rm -f /data/local/tmp/mfs_bundle.zip",
        "shell am start -S -n org.paddlemfs.app/.CameraActivity",
    ]


def test_what_is_wrong_with_the_phone(run_here, phone, built, bundle):
    several = [("A1", "device"), ("B2", "device")]
    cases = (
        ((), [], ("adb sees no phone", "USB debugging")),
        (several, [], ("2 phones (A1, B2)", "--serial")),
        (several, ["--serial", "C3"], ("--serial C3", "A1, B2")),
        ([("A1", "unauthorized")], [], ("A1: ", "allow USB debugging")),
        ([("A1", "offline")], [], ("A1: is offline",)),
        ([("A1", "no permissions (user in plugdev group?)")], [], ("android-sdk-platform-tools-common",)),
        ([("A1", "recovery")], [], ("'recovery'",)),
    )
    for phones, words, told in cases:
        calls = phone(phones)
        refused(run_here("push_android", "--bundle", bundle, *words), *told)
        assert calls()[-1] == ["devices"]
    phone(answers={"getprop": "x86_64,x86"})
    refused(run_here("push_android", "--bundle", bundle), "A1: runs x86_64, x86; the libraries are for arm64-v8a")


def test_no_adb(run_here, built, bundle, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(run_here("push_android", "--bundle", bundle), "adb not found", "apt-get install adb")


def test_what_is_not_built(run_here, phone, built, bundle, tmp_path):
    phone()
    for name, words, told in (
        ("libpaddle_light_api_shared.so", [], "no Paddle-Lite"),
        ("mfs_shell", [], "run deploy/shell/build.sh"),
        ("app-debug.apk", ["--app"], "gradle assembleDebug"),
    ):
        (built / name).rename(tmp_path / name)
        refused(run_here("push_android", "--bundle", bundle, *words), str(built / name), told)
        (tmp_path / name).rename(built / name)


def test_what_is_no_bundle_for_this(run_here, phone, built, bundle, samples):
    phone()
    refused(run_here("push_android", "--bundle", samples / "source.jpg"), "source.jpg: no bundle")
    refused(run_here("push_android", "--bundle", bundle, "--device", "gpu"), "made for the target arm", "--device")
    with zipfile.ZipFile(bundle, "w") as written:
        written.writestr("deploy.json", json.dumps({"target": "arm", "identities": []}))
    refused(run_here("push_android", "--bundle", bundle), "holds no identity")
    refused(run_here("push_android", "--bundle", bundle, "--repeats", 0), "--repeats 0")


def test_what_the_phone_refuses(run_here, phone, built, bundle):
    for refuses, words, told in (
        ({"push": "No space left on device"}, [], ("adb push failed: No space left on device",)),
        ({"./mfs_shell": "Illegal instruction"}, [], ("A1: ended with status 1, see above", "mfs_shell --bundle")),
        ({"install": "INSTALL_FAILED_UPDATE_INCOMPATIBLE"}, ["--app"], ("INSTALL_FAILED_UPDATE_INCOMPATIBLE",)),
        ({"run-as": "run-as: package not debuggable: org.paddlemfs.app"}, ["--app"], ("package not debuggable",)),
    ):
        calls = phone(refuses=refuses)
        done = run_here("push_android", "--bundle", bundle, *words)
        assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith("error: "), done.stderr
        assert all(text in done.stderr for text in told), done.stderr
        if "run-as" in refuses:
            assert calls()[-1][-1] == "rm -f /data/local/tmp/mfs_bundle.zip", "nothing stays behind"
    phone(answers={"am": "Starting: Intent\nError type 3"})
    refused(run_here("push_android", "--bundle", bundle, "--app"), "the app does not start: Error type 3")


def test_the_places_are_those_of_the_builds(root):
    """What this tool looks for is what the builds write."""
    shell = (root / "deploy" / "shell" / "build.sh").read_text()
    assert push_android.SHELL == root / "deploy" / "shell" / "build" / "mfs_shell"
    assert 'libpaddle_light_api_shared.so" build/' in shell and f"abi={push_android.ABI}" in shell
    gradle = (root / "deploy" / "android" / "app" / "build.gradle").read_text()
    assert f"applicationId '{push_android.APP}'" in gradle and f"abiFilters '{push_android.ABI}'" in gradle
    options = (root / "deploy" / "shell" / "src" / "options.cpp").read_text()
    for option in ("bundle", "identity", "target", "device", "repeats", "cache", "output"):
        assert f'"--{option}"' in options
