"""mfs_shell as its user runs it: pictures swapped as the Python package does, clips, identities, mistakes."""

import json
import shutil
import struct
import zipfile

import numpy as np
import pytest

from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.provenance import picture_sha256, read_provenance
from paddle_mfs.version import __version__

PYTHON_DIFFERENCE = 2, 0.03  # of 255: the largest and the mean difference from the Python result, in rounding


@pytest.fixture(scope="module")
def picture(samples, tmp_path_factory):
    """samples/target.jpg as a PNG: two JPEG decoders need not agree."""
    path = tmp_path_factory.mktemp("picture") / "target.png"
    write_image(path, read_image(samples / "target.jpg"))
    return path


@pytest.fixture(scope="module")
def source(samples, tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "source.png"
    write_image(path, read_image(samples / "source.jpg"))
    return path


@pytest.fixture(scope="module")
def identity_file(shell, report, source, picture, tmp_path_factory):
    """What mfs_shell made of the source and kept, and the swapped picture that came with it."""
    folder = tmp_path_factory.mktemp("identity")
    words = ["--source", source, "--target", picture, "--output", folder, "--json", "--repeats", 3]
    done = report(shell(*words, "--save-identity", folder / "source.face"))
    assert done["outputs"] == [str(folder / "target_source.png")]
    return folder / "source.face", folder / "target_source.png", done


def near_the_python_result(path, result):
    difference = np.abs(read_image(path).astype(int) - result)
    print(f"{path.name}: largest difference {difference.max()}, mean {difference.mean():.4f}")
    return difference.max() <= PYTHON_DIFFERENCE[0] and difference.mean() <= PYTHON_DIFFERENCE[1]


def test_a_picture_is_swapped_as_python_does(identity_file, target, result, source, picture):
    _, path, done = identity_file
    assert near_the_python_result(path, result)
    assert np.abs(result.astype(int) - target).mean() > 2  # so nearness to it says something
    record = read_provenance(path)
    assert record["synthetic"] is True and record["version"] == __version__
    assert record["source_sha256"] == picture_sha256(source) and record["target_sha256"] == picture_sha256(picture)
    assert record["weights"]["sha256"] and record["encoder"]["sha256"]
    stages = done["milliseconds"]
    assert list(stages) == ["faces", "align", "paint", "change", "paste", "networks", "frame"]
    assert stages["frame"]["frames"] == 3 and 0 < stages["paint"]["median"] < stages["frame"]["median"]


def test_kept_and_bundled_identities_swap_alike(shell, report, identity_file, picture, result, tmp_path):
    kept, path, _ = identity_file
    report(shell("--source", kept, "--target", picture, "--output", tmp_path, "--json"))
    assert np.array_equal(read_image(tmp_path / "target_source.png"), read_image(path))
    report(shell("--target", picture, "--output", tmp_path / "bundled", "--json"))
    assert near_the_python_result(tmp_path / "bundled" / "target_source.png", result)


def test_a_folder_and_all_faces_under_sanitizers(shell, small_bundle, samples, swapper, tmp_path):
    """Two faces beside each other, a picture without a face, a file that is no picture: what can be swapped is."""
    folder = tmp_path / "targets"
    folder.mkdir()
    faces = [read_image(samples / "faces" / f"{number}.jpg") for number in (800505, 800510)]
    both = np.hstack(faces)
    write_image(folder / "both.png", both)
    write_image(folder / "nobody.png", np.full((100, 100, 3), 90, np.uint8))
    (folder / "words.png").write_text("no picture")
    words = ["--target", folder, "--face", "all", "--output", tmp_path / "out"]
    done = shell(*words, bundle=small_bundle, kind="sanitized")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(tmp_path / "out" / "both_source.png")
    assert sorted(line.split(": ")[1].split("/")[-1] for line in done.stderr.splitlines()) == [
        "nobody.png",
        "words.png",
    ]
    assert near_the_python_result(tmp_path / "out" / "both_source.png", swapper.swap(both, "all"))


def _exif(orientation, order="<", kind=3, count=1, directory=8):
    """EXIF data of one tag, the orientation, which comes after the camera's maker; big-endian as `order` says."""
    tiff = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", directory)
    maker = struct.pack(order + "HHI4s", 0x010F, 2, 4, b"abc\0")
    value = struct.pack(order + {3: "Hxx", 4: "I"}[kind], orientation)
    return (
        b"Exif\0\0"
        + tiff
        + struct.pack(order + "H", 2)
        + maker
        + struct.pack(order + "HHI", 0x0112, kind, count)
        + value
    )


EXIF = {
    **{f"little_{way}": _exif(way) for way in range(1, 9)},
    "big": _exif(6, ">"),
    "long": _exif(8, ">", 4),
    "two_values": _exif(6, count=2),
    "nine": _exif(9),
    "cut_off": _exif(6)[:-6],
    "no_order": _exif(6).replace(b"II*", b"XX*"),
    "nowhere": _exif(6, directory=0xFFFFFFF0),
    "nothing": b"Exif\0\0",
}


def test_pictures_are_turned_as_their_exif_says(shell, small_bundle, swapper, target, tmp_path):
    """All eight ways in both byte orders, and damaged data, which say nothing."""
    folder = tmp_path / "targets"
    folder.mkdir()
    write_image(tmp_path / "plain.jpg", np.ascontiguousarray(target[110:410:2, 100:440:2]))
    plain = (tmp_path / "plain.jpg").read_bytes()
    for name, data in EXIF.items():
        segment = b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data
        (folder / f"{name}.jpg").write_bytes(plain[:2] + segment + plain[2:])
    done = shell("--target", folder, "--output", tmp_path / "out", bundle=small_bundle, kind="sanitized")
    assert done.returncode == 0 and not done.stderr, done.stderr
    shapes = set()
    for name in EXIF:
        before, made = read_image(folder / f"{name}.jpg"), read_image(tmp_path / "out" / f"{name}_source.png")
        shapes.add(before.shape)
        assert made.shape == before.shape, name
        border = np.abs(made.astype(int) - before)[:, :12]  # where no face is; by the reading of two decoders
        assert border.mean() < 0.6, (name, border.mean())
        assert np.abs(before.astype(int) - before[:, ::-1]).mean() > 10, "another way it would not pass"
    assert len(shapes) == 2
    for name in ("little_5", "big"):
        swapped = read_image(tmp_path / "out" / f"{name}_source.png").astype(int)
        away = np.abs(swapped - swapper.swap(read_image(folder / f"{name}.jpg")))
        assert away.mean() < 0.3, (name, away.mean())


def test_little_blue_light(shell, report, swapper, target, tmp_path):
    """The network is shown another light, as in Python; the face stays as dark as it was."""
    dim = np.rint(target * np.array([0.25, 0.3, 0.6])).astype(np.uint8)
    write_image(tmp_path / "dim.png", dim)
    report(shell("--target", tmp_path / "dim.png", "--output", tmp_path, "--json"))
    wanted = swapper.swap(dim)
    assert near_the_python_result(tmp_path / "dim_source.png", wanted)
    assert np.abs(wanted.astype(int) - dim).mean() > 1


def test_a_ppm(shell, report, target, result, tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6\n# a comment\n512 512\n255\n" + target.tobytes())
    report(shell("--target", path, "--output", tmp_path, "--json"))
    assert near_the_python_result(tmp_path / "a_source.png", result)


@pytest.mark.parametrize("kind", ["nv21", "rgba"])
def test_a_raw_clip(shell, report, target, kind, tmp_path):
    """Swapped in its own format, where the face is; the rest of each frame keeps its bytes; its facts lie beside it."""
    from paddle_mfs.export.golden import to_rgb, to_yuv

    frames = [np.roll(target, shift, 1)[:400, 60:460] for shift in (0, 2, 4)]
    clip, size = tmp_path / f"clip.{kind}", 400
    if kind == "nv21":
        yuv = [to_yuv(np.ascontiguousarray(frame)) for frame in frames]
        before = [np.concatenate([y.ravel(), np.stack([v, u], -1).ravel()]) for y, u, v in yuv]
    else:
        before = [np.dstack([frame, np.full((size, size), 7, np.uint8)]).ravel() for frame in frames]
    clip.write_bytes(b"".join(frame.tobytes() for frame in before))
    done = report(shell("--target", clip, "--size", f"{size}x{size}", "--output", tmp_path / "out", "--json"))
    assert done["milliseconds"]["frame"]["frames"] == 3
    made = np.frombuffer((tmp_path / "out" / f"clip_source.{kind}").read_bytes(), np.uint8).reshape(3, -1)
    record = json.loads((tmp_path / "out" / f"clip_source.{kind}.json").read_text())
    assert record["synthetic"] is True and record["target_sha256"] == picture_sha256(clip)
    for frame, one in zip(before, made):
        changed = frame != one
        assert 0.1 < changed.mean() < 0.8
        if kind == "rgba":
            assert (one.reshape(size, size, 4)[..., 3] == 7).all()
            assert not changed.reshape(size, size, 4)[:20].any()
        else:
            y, chroma = one[: size * size].reshape(size, size), one[size * size :].reshape(size // 2, size // 2, 2)
            assert not changed[: size * 20].any()
            to_rgb(y, chroma[..., 1], chroma[..., 0])


def test_its_words(built):
    done = built("g++").run("mfs_shell", "--version")
    assert done.stdout.startswith(f"mfs_shell {__version__}; reads PPM") and done.returncode == 0
    done = built("g++").run("mfs_shell", "--help")
    assert done.returncode == 0 and "--save-identity" in done.stdout


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
