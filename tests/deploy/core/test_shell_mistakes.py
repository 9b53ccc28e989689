"""Mistakes of mfs_shell's user, under sanitizers: one line each that names the file, exit code 2, and no leftovers."""

import json
import shutil
import struct
import zipfile

import pytest


def _without(member):
    def change(members):
        del members[member]

    return change


def _deploy(**changes):
    def change(members):
        members["deploy.json"] = json.dumps({**json.loads(members["deploy.json"]), **changes}).encode()

    return change


def _in_deploy(*path, value):
    def change(members):
        deploy = json.loads(members["deploy.json"])
        inner = deploy
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        members["deploy.json"] = json.dumps(deploy).encode()

    return change


def _flipped(member):
    def change(members):
        data = bytearray(members[member])
        data[len(data) // 2] ^= 1
        members[member] = bytes(data)

    return change


BAD_BUNDLES = {  # name: (what is changed in the members, a word of the message)
    "another_format": (_deploy(format=2), "format 2"),
    "another_target": (_deploy(target="arm"), "made for arm"),
    "another_crop": (_deploy(crop={"size": 256}), "crop.size is 256"),
    "no_detector": (_without("blazeface.nb"), "blazeface.nb is missing"),
    "no_iin": (_without("iin.nb"), "iin.nb is missing"),
    "no_deploy": (_without("deploy.json"), "no deploy.json"),
    "broken_json": (lambda members: members.update({"deploy.json": b'{"format": 1,'}), "not JSON"),
    "tampered_network": (_flipped("idn.nb"), "SHA-256"),
    "tampered_licence": (_flipped("LICENSE"), "SHA-256"),
    "a_stranger": (lambda members: members.update({"more.so": b"\x7fELF"}), "more.so is in it"),
    "another_shape": (
        _in_deploy("networks", "idn", "inputs", 0, "shape", value=[1, 3, 112, 112]),
        "[1, 3, 112, 112]",
    ),
    "a_weight_outside": (_in_deploy("patch", "segments", 0, 0, value=1 << 40), "patch does not fit"),
}


@pytest.mark.parametrize("case", BAD_BUNDLES)
def test_bad_bundle(shell, small_bundle, picture, tmp_path, case):
    change, word = BAD_BUNDLES[case]
    with zipfile.ZipFile(small_bundle) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    change(members)
    bad = tmp_path / f"{case}.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    one_line(shell("--target", picture, "--output", tmp_path / "out", bundle=bad, kind="sanitized"), bad, word)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", ["cut_off", "half", "empty", "missing", "a_picture", "a_folder"])
def test_bad_bundle_file(shell, small_bundle, picture, tmp_path, case):
    bad, whole = tmp_path / "bad.zip", small_bundle.read_bytes()
    contents = {
        "cut_off": whole[:-7],
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "a_picture": picture.read_bytes(),
    }
    if case == "a_folder":
        bad.mkdir()
    elif case != "missing":
        bad.write_bytes(contents[case])
    word = {"missing": "cannot be read", "a_folder": "cannot be read"}.get(case, "not a zip archive")
    one_line(shell("--target", picture, "--output", tmp_path / "out", bundle=bad, kind="sanitized"), bad, word)


BAD_PICTURES = {  # name: (bytes, a word of the message)
    "empty.png": (b"", "empty"),
    "words.jpg": (b"this is no picture", "not a picture"),
    "webp.webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "not a picture"),
    "huge.ppm": (b"P6 99999 99999 255\n" + bytes(100), "16384"),
    "deep.ppm": (b"P6 4 4 65535\n" + bytes(96), "steps a colour"),
    "short.ppm": (b"P6 400 400 255\n" + bytes(1000), "cut off"),
    "negative.ppm": (b"P6 -4 4 255\n" + bytes(100), "16384"),
    "huge.png": (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I4sII5B4s", 13, b"IHDR", 1 << 30, 1 << 30, 8, 2, 0, 0, 0, b"abcd")
        + b"IEND",
        "cannot be read as a picture",
    ),
    "tiny.ppm": (b"P6 3 3 255\n" + bytes(27), "no face"),
    "nobody.ppm": (b"P6 200 200 255\n" + bytes([90]) * 120000, "no face"),
}


@pytest.mark.parametrize("role", ["--source", "--target"])
@pytest.mark.parametrize("case", BAD_PICTURES)
def test_bad_picture(shell, bundle_x86, small_bundle, picture, tmp_path, case, role):
    contents, word = BAD_PICTURES[case]
    bad = tmp_path / case
    bad.write_bytes(contents)
    words = [role, bad] if role == "--target" else [role, bad, "--target", picture]
    bundle = small_bundle if role == "--target" else bundle_x86
    one_line(shell(*words, "--output", tmp_path / "out", bundle=bundle, kind="sanitized"), bad, word)
    assert not list(tmp_path.glob("out/*"))


def test_cut_off_pictures(shell, samples, picture, tmp_path):
    for path in (samples / "target.jpg", picture):
        bad = tmp_path / path.name
        bad.write_bytes(path.read_bytes()[:-3000])
        one_line(shell("--target", bad, "--output", tmp_path / "out", kind="sanitized"), bad, "cut off")


def test_bad_identity_files(shell, small_bundle, identity_file, picture, tmp_path):
    whole = identity_file[0].read_bytes()
    for name, contents in {
        "short": whole[:-10],
        "head": whole[:60],
        "damaged": whole[:-1] + bytes([whole[-1] ^ 1]),
    }.items():
        bad = tmp_path / name
        bad.write_bytes(contents)
        done = shell("--source", bad, "--target", picture, bundle=small_bundle, kind="sanitized")
        one_line(done, bad, "damaged, or no identity file")


@pytest.mark.parametrize(
    "words, message",
    [
        (["--targt", "a"], "--targt: no such option"),
        (["--target"], "--target: a value is missing"),
        (["--threads", "0", "--target", "a.png"], "--threads 0: give 1 to 64"),
        (["--device", "tpu", "--target", "a.png"], "--device tpu: give cpu, gpu, nnapi or process"),
        (["--device", "gpu", "--target", "{picture}"], "built without Paddle-Lite"),
        (["--source", "a", "--identity", "b", "--target", "c"], "give one of them"),
        (["--identity", "nobody", "--target", "{picture}"], "has no identity named nobody; it has source"),
        (["--target", "/no/such.png"], "/no/such.png: cannot be read (No such file or directory)"),
        (["--target", "{folder}"], "no pictures in it"),
        (["--target", "{picture}", "--output", "/proc/none"], "/proc/none: cannot be made"),
        (["--target", "{clip}"], "give --size"),
        (["--target", "{clip}", "--size", "64x64"], "are not frames of 64x64"),
        ([], "--target is missing"),
    ],
)
def test_bad_words(shell, small_bundle, picture, tmp_path, words, message):
    folder, clip = tmp_path / "empty", tmp_path / "a.nv21"
    folder.mkdir()
    clip.write_bytes(bytes(1000))
    words = [word.format(picture=picture, folder=folder, clip=clip) for word in words]
    done = shell(*words, bundle=small_bundle, kind="sanitized")
    assert done.returncode == 2 and done.stderr.startswith("error: ") and message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_full_disk_leaves_nothing(shell, picture, tmp_path):
    """What cannot be written whole is not written."""
    if not shutil.which("bash"):
        pytest.skip("bash not found")
    blocked = tmp_path / "out" / "target_source.png"
    blocked.mkdir(parents=True)  # a folder where the file should go
    one_line(shell("--target", picture, "--output", tmp_path / "out"), blocked, "cannot be written")
    assert list((tmp_path / "out").iterdir()) == [blocked]


def one_line(done, path, word):
    """It ended with 2 and one line that names the file."""
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"error: {path}: "), said
    assert word in done.stderr, said
