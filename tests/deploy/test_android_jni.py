"""The app's own Java classes on this machine, over the real native library, with x86 networks."""

import os
import re
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import append_xmp, read_provenance, video_tags
from paddle_mfs.swap.swapper import FaceSwapper

from .java import JAVA, JAVAC, run

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "deploy" / "android" / "app" / "src" / "main"
CORE_CLASSES = sorted((APP / "java" / "org" / "paddlemfs" / "core").glob("*.java"))
PROGRAMS = sorted((Path(__file__).parent / "jvm").glob("*.java"))


@pytest.fixture(scope="module")
def classes(require, tmp_path_factory):
    """Folder of the compiled classes. They keep to what Java 8, and so Android 7, has."""
    require("javac", "openjdk-17-jdk-headless")
    folder = tmp_path_factory.mktemp("classes")
    done = run(*JAVAC, "--release", "8", "-Xlint:all,-serial,-options", "-Werror", "-d", folder, *CORE_CLASSES)
    assert done.returncode == 0, done.stderr
    done = run(*JAVAC, "-cp", folder, "-d", folder, *PROGRAMS)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def library(require, built):
    """Folder of libmfs_jni.so, for this machine."""
    require("javac", "openjdk-17-jdk-headless")
    return built("g++").folder / "jni"


@pytest.fixture(scope="module")
def bundles(bundle_x86, tmp_path_factory):
    """Folder of x86.zip, one that says that it is for the GPU, and two that are broken."""
    folder = tmp_path_factory.mktemp("bundles")
    whole = bundle_x86.read_bytes()
    (folder / "x86.zip").write_bytes(whole)
    (folder / "truncated.zip").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(bundle_x86) as read:
        for name, old, new in (
            ("gpu.zip", b'"target": "x86"', b'"target": "gpu"'),
            ("tampered.zip", b"Apache License", b"Apache Licence"),
        ):
            with zipfile.ZipFile(folder / name, "w") as written:
                for member in read.infolist():
                    written.writestr(member.filename, read.read(member).replace(old, new))
    return folder


@pytest.fixture(scope="module")
def java(classes, library, bundles, samples):
    """java("NativeCheck", folder) -> what it printed; -Xcheck:jni watches every call."""

    def run_program(name, folder):
        environment = {**os.environ, "MFS_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
        words = ["-Xcheck:jni", "-Djava.awt.headless=true", f"-Djava.library.path={library}", "-cp", classes]
        arguments = [bundles, samples, folder]
        done = run(*JAVA, *words, f"org.paddlemfs.core.{name}", *arguments, env=environment)
        said = done.stdout + done.stderr
        assert done.returncode == 0 and done.stdout.endswith("done\n"), said
        assert not re.search("WARNING|FATAL|native method", said), said
        return done.stdout

    return run_program


@pytest.fixture(scope="module")
def native(java, tmp_path_factory):
    """(what NativeCheck printed, the folder it wrote to)."""
    folder = tmp_path_factory.mktemp("native")
    return java("NativeCheck", folder), folder


def test_classes_without_android_in_them(classes, tmp_path):
    done = run(*JAVA, "-cp", classes, "org.paddlemfs.core.PlainCheck", tmp_path)
    assert done.returncode == 0 and done.stdout == "done\n", done.stdout + done.stderr
    imported = {line for path in CORE_CLASSES for line in path.read_text().splitlines() if line.startswith("import ")}
    later = [line for line in imported if re.match(r"import (android|java\.nio\.file|java\.time)", line)]
    assert not later, "Android 7 has neither java.nio.file nor java.time"


def test_the_library_is_aligned_to_16_kb(library, require):
    require("readelf", "binutils")
    headers = run("readelf", "-lW", library / "libmfs_jni.so").stdout
    alignments = re.findall(r"^ +LOAD .* (0x\w+)$", headers, re.M)
    assert alignments and set(alignments) == {"0x4000"}, headers


def test_broken_bundles_are_sentences(native):
    problems = re.findall(r"^problem (.*)$", native[0], re.M)
    assert len(problems) == 2 and "tampered.zip" in problems[0] and "truncated.zip" in problems[1], problems
    damaged = re.search(r"^damaged (.*)$", native[0], re.M).group(1)
    assert "damaged.weights" in damaged


def test_a_picture_is_swapped_as_python_does(native, swapper, target, result):
    """Up to rounding, and to what two JPEG decoders make of one picture. The identity injected, and the bundled one."""
    folder = native[1]
    for name in ("injected.png", "bundled.png"):
        swapped = read_image(folder / name).astype(int)
        changed = np.abs(result.astype(int) - target.astype(int))
        assert changed.max() > 30, "the swap is to be seen"
        difference = np.abs(swapped - result.astype(int))
        assert difference.mean() < 0.2 and np.quantile(difference, 0.999) <= 4, (
            name,
            difference.mean(),
            difference.max(),
        )


def test_a_photo_carries_its_provenance(native, samples):
    record = read_provenance(native[1] / "marked.jpg")
    assert record["synthetic"] is True and record["target_sha256"] == "feed"
    assert record["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert record["created"].startswith("2023-11-14T22:13:20")
    assert record["weights"]["licence"] and record["software"] == "paddle_mfs"
    assert np.array_equal(read_image(native[1] / "marked.jpg"), read_image(samples / "target.jpg"))


def test_a_session_of_the_app(java, samples, pictures_of, tmp_path):
    clips = {tmp_path / "last.mp4": {}, tmp_path / "first.mp4": {"movflags": "faststart"}}  # where the index lies
    before = {path: _clip(path, options) for path, options in clips.items()}
    java("SessionCheck", tmp_path)
    swapped = read_image(tmp_path / "session.png").astype(int)
    target = read_image(samples / "source.jpg")
    difference = np.abs(swapped - FaceSwapper(samples / "target.jpg").swap(target).astype(int))
    assert difference.mean() < 0.2 and np.abs(swapped - target.astype(int)).max() > 30, difference.mean()
    for path, written in before.items():
        record = read_provenance(path)
        assert record["synthetic"] is True and record["created"].startswith("2023-11-14T22:13:20")
        with av.open(str(path)) as clip:
            assert {key: clip.metadata[key] for key in ("comment", "description")} == video_tags(record)
            assert "encoder" not in clip.metadata, "ours are the only tags"
            assert [stream.type for stream in clip.streams] == ["video"]
        assert all((one == other).all() for (_, one), other in zip(pictures_of(path), written, strict=True))
        # The box at the end is the one that the Python package appends.
        append_xmp(tmp_path / "python.mp4", record)
        box, appended = (tmp_path / "python.mp4").read_bytes(), path.read_bytes()
        (tmp_path / "python.mp4").unlink()
        start = appended.rindex(b"uuid") - 4
        assert appended[start + 4 : start + 24] == box[4:24]
        assert int.from_bytes(appended[start : start + 4], "big") == len(appended) - start
        assert b"compositeWithTrainedAlgorithmicMedia" in appended[start:]


def _clip(path, options):
    """Write an MP4 of three frames -> its pictures, decoded."""
    with av.open(str(path), "w", options=options) as clip:
        stream = clip.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in (40, 120, 200):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
