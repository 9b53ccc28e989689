"""mfs_shell as its user runs it: pictures swapped as the Python package does, clips, identities."""

import json
import struct

import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.provenance import picture_sha256, read_provenance
from paddle_mfs.version import __version__

PYTHON_DIFFERENCE = 2, 0.03  # of 255: the largest and the mean difference from the Python result, in rounding


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
    small = cv2.resize(target[110:410, 100:440], (170, 150), interpolation=cv2.INTER_AREA)
    write_image(tmp_path / "plain.jpg", small)
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
        wanted = swapper.swap(before).astype(int)
        away = np.abs(made - wanted).mean()  # two JPEG decoders do not agree
        assert away < 1 and np.abs(before - wanted).mean() > 2, (name, away)
    assert len(shapes) == 2


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


@pytest.mark.parametrize("kind, words", [("nv21", ""), ("nv21", "--range video --matrix bt709"), ("rgba", "")])
def test_a_raw_clip(shell, report, target, result, kind, words, tmp_path):
    """Swapped in its own format, where the face is; the rest of each frame keeps its bytes; its facts lie beside it."""
    from paddle_mfs.export.golden import to_rgb, to_yuv
    from paddle_mfs.video.frame import BT601, BT709

    meaning = (BT709, False) if words else (BT601, True)

    frames = [np.roll(target, shift, 1)[:400, 60:460] for shift in (0, 2, 4)]
    clip, size = tmp_path / f"clip.{kind}", 400
    if kind == "nv21":
        yuv = [to_yuv(np.ascontiguousarray(frame), *meaning) for frame in frames]
        before = [np.concatenate([y.ravel(), np.stack([v, u], -1).ravel()]) for y, u, v in yuv]
    else:
        before = [np.dstack([frame, np.full((size, size), 7, np.uint8)]).ravel() for frame in frames]
    clip.write_bytes(b"".join(frame.tobytes() for frame in before))
    words = ["--size", f"{size}x{size}", *words.split()]
    done = report(shell("--target", clip, *words, "--output", tmp_path / "out", "--json"))
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
            shown = to_rgb(y, chroma[..., 1], chroma[..., 0], *meaning).astype(int)
            if frame is before[0]:
                assert np.abs(shown - result[:400, 60:460]).mean() < 2


def test_its_words(built):
    done = built("g++").run("mfs_shell", "--version")
    assert done.stdout.startswith(f"mfs_shell {__version__}; reads PPM") and done.returncode == 0
    done = built("g++").run("mfs_shell", "--help")
    assert done.returncode == 0 and "--save-identity" in done.stdout
