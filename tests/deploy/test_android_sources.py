"""The app's Android-facing sources and resources, as far as they can be checked without Android's SDK.

javac compiles them against stubs that are made from an independent description of Android's interface (see
android_stubs.py), and aapt, Debian's, packs manifest and resources against Android 10's own.
"""

import os
import re
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import pytest

from .android_stubs import describe, write_stubs
from .java import JAVAC, run

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "deploy" / "android" / "app" / "src" / "main"
SOURCES = sorted((MAIN / "java").rglob("*.java"))
BY_HAND = sorted((Path(__file__).parent / "stubs").rglob("*.java"))  # AndroidX, see its README.md
DESCRIPTION = "@nativescript/types-android@9.1.1"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
NAMESPACE = "{http://schemas.android.com/apk/res/android}"
LEVELS = {"min": 24, "target": 35}
RELEASE = ["--release", "8"]
WRONG = {  # lines that no phone would run, and what javac says of each
    "view.setTextt(1);": "cannot find symbol",
    'view.postInvalidate("a", 2, true);': "no suitable method",
    "int wrong = view.getContext();": "incompatible types",
    "android.view.Surface.ROTATION_45.toString();": "cannot find symbol",
    "new android.media.MediaMuxer(1, 2, 3);": "no suitable constructor",
    "android.content.res.Resources same = (android.view.View) null;": "incompatible types",
    "view.setOnClickListener((first, second) -> {});": "incompatible",
    "int id = R.string.nothing_of_that_name;": "cannot find symbol",
}
BEHIND_A_CHECK = {"MediaSaver.java"}  # uses newer interfaces where Build.VERSION.SDK_INT allows


@pytest.fixture(scope="session")
def description(require):
    """What Android's classes look like. The npm package is fetched once and kept in the system's temporary folder."""
    require("npm", "npm")
    kept = Path(tempfile.gettempdir()) / "paddle_mfs_types_android_9.1.1.d.ts"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as folder:
            done = run("npm", "pack", DESCRIPTION, cwd=folder)
            if done.returncode:
                missing = pytest.fail if os.environ.get("MFS_DEPLOY_ALL") == "1" else pytest.skip
                missing(f"npm cannot fetch {DESCRIPTION}: {done.stderr.strip().splitlines()[-1:]}")
            [archive] = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as packed:
                member = packed.extractfile("package/lib/android/android-platform-37.d.ts")
                part = kept.with_suffix(f".part-{os.getpid()}")
                part.write_bytes(member.read())
                part.replace(kept)
    return describe(kept)


@pytest.fixture(scope="session")
def resources(require, tmp_path_factory):
    """(the class R, the .apk) that aapt makes of manifest and resources. The package's name is Gradle's to give."""
    require("aapt", "aapt")
    if not FRAMEWORK.is_file():
        missing = pytest.fail if os.environ.get("MFS_DEPLOY_ALL") == "1" else pytest.skip
        missing(f"{FRAMEWORK} not found: apt-get install android-framework-res")
    folder = tmp_path_factory.mktemp("resources")
    manifest = (MAIN / "AndroidManifest.xml").read_text(encoding="utf-8")
    (folder / "AndroidManifest.xml").write_text(
        manifest.replace("<manifest ", '<manifest package="org.paddlemfs.app" ')
    )
    words = ["-f", "-m", "-J", folder, "-M", folder / "AndroidManifest.xml", "-S", MAIN / "res", "-I", FRAMEWORK]
    levels = ["--min-sdk-version", LEVELS["min"], "--target-sdk-version", 29]  # what Debian's framework is
    done = run("aapt", "package", *words, *levels, "-F", folder / "app.apk")
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder / "org" / "paddlemfs" / "app" / "R.java", folder / "app.apk"


@pytest.fixture(scope="session")
def compiled(require, description, resources, tmp_path_factory):
    """compiled(level) -> (what javac says of the app's sources for phones of that API level, the class path made)."""
    require("javac", "openjdk-17-jdk-headless")

    @cache
    def compile_all(level):
        folder = tmp_path_factory.mktemp(f"level{level}")
        stubs, classes, made = folder / "stubs", folder / "stub_classes", folder / "classes"
        texts = [path.read_text(encoding="utf-8") for path in [*SOURCES, *BY_HAND]]
        write_stubs(description, [*texts, *WRONG], stubs, level)
        words = ["-Xlint:-options", "-d", classes, *stubs.rglob("*.java"), *BY_HAND]
        done = run(*JAVAC, *RELEASE, *words)
        assert done.returncode == 0, done.stderr
        words = ["-Xlint:all,-options,-serial", "-Werror", "-cp", classes, "-d", made, resources[0], *SOURCES]
        return run(*JAVAC, *RELEASE, *words), f"{classes}:{made}"

    return compile_all


def test_every_source_compiles(compiled):
    done, _ = compiled(LEVELS["target"])
    assert done.returncode == 0, done.stderr


def test_older_phones_have_what_is_used(compiled):
    """For the oldest Android, only what stands behind a check of the version is missing."""
    done, _ = compiled(LEVELS["min"])
    lacking = re.findall(r"(\w+\.java):\d+: error: ", done.stderr)
    assert set(lacking) == BEHIND_A_CHECK, done.stderr
    for name in BEHIND_A_CHECK:
        [path] = [path for path in SOURCES if path.name == name]
        assert "Build.VERSION.SDK_INT >=" in path.read_text()


def test_what_is_wrong_does_not_compile(compiled, tmp_path):
    _, class_path = compiled(LEVELS["target"])
    lines = ["view.setId(1);", *WRONG]
    for number, line in enumerate(lines):
        body = f"class Wrong{number} {{ void run(android.view.View view) throws Exception {{ {line} }} }}"
        (tmp_path / f"Wrong{number}.java").write_text(f"package org.paddlemfs.app;\n\n{body}\n")
    done = run(*JAVAC, *RELEASE, "-Xlint:-options", "-cp", class_path, "-d", tmp_path, *tmp_path.glob("*.java"))
    found = dict(re.findall(r"(Wrong\d)\.java:\d+: error: (.*)", done.stderr))
    assert sorted(found) == [f"Wrong{number}" for number in range(1, len(lines))], done.stderr
    for number, told in enumerate(WRONG.values(), 1):
        assert told in found[f"Wrong{number}"], (lines[number], found)


def test_manifest(resources):
    badging = run("aapt", "dump", "badging", resources[1]).stdout
    assert "launchable-activity: name='org.paddlemfs.app.CameraActivity'" in badging, badging
    assert "uses-permission: name='android.permission.CAMERA'" in badging
    assert "uses-permission: name='android.permission.RECORD_AUDIO'" in badging
    assert "uses-feature-not-required: name='android.hardware.microphone'" in badging
    assert "name='android.permission.WRITE_EXTERNAL_STORAGE' maxSdkVersion='28'" in badging
    assert "INTERNET" not in badging, "nothing is sent anywhere"
    manifest = ElementTree.parse(MAIN / "AndroidManifest.xml").getroot()
    application = manifest.find("application")
    assert application.get(f"{NAMESPACE}allowBackup") == "false"
    assert application.find("uses-native-library").get(f"{NAMESPACE}name") == "libOpenCL.so"
    activities = {one.get(f"{NAMESPACE}name")[1:] for one in application.findall("activity")}
    written = {path.stem for path in SOURCES if re.search(r"final class \w+ extends \w*Activity ", path.read_text())}
    assert activities == written


def test_native_methods_are_all_there():
    """Each native method of Java is a function of the library, and the other way round."""
    native = set()
    for path in SOURCES:
        for name in re.findall(r"\bnative [\w\[\]]+ (\w+)\(", path.read_text()):
            native.add(f"Java_org_paddlemfs_core_{path.stem}_{name}")
    bridged = re.findall(r"JNICALL (Java_\w+)\(", (MAIN / "cpp" / "jni.cpp").read_text())
    assert len(bridged) == len(set(bridged)) and set(bridged) == native


def named(kind):
    """Every resource of a kind that sources, layouts and manifest refer to."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    xml = [path.read_text(encoding="utf-8") for path in [*MAIN.rglob("*.xml")]]
    return set(re.findall(rf"\bR\.{kind}\.(\w+)", "\n".join(texts))) | set(
        re.findall(rf'"@{kind}/(\w+)"', "\n".join(xml))
    )


def strings(folder):
    tree = ElementTree.parse(MAIN / "res" / folder / "strings.xml").getroot()
    return {one.get("name"): one.text for one in tree}


def test_texts_are_there_in_both_languages_and_used():
    english, chinese = strings("values"), strings("values-zh-rCN")
    assert list(english) == list(chinese)
    assert named("string") == set(english), named("string") ^ set(english)
    for name, text in english.items():
        places = re.findall(r"%\d\$[.\d]*[a-z]", text)
        assert sorted(places) == sorted(re.findall(r"%\d\$[.\d]*[a-z]", chinese[name])), name
        if name not in ("app_name", "device_cpu", "device_gpu", "device_nnapi"):
            assert re.search(r"[\u4e00-\u9fff]", chinese[name]), f"{name} is not translated"


@pytest.mark.parametrize("kind", ["drawable", "layout", "style"])
def test_nothing_lies_there_unused(kind):
    if kind == "style":
        there = {one.get("name") for one in ElementTree.parse(MAIN / "res" / "values" / "styles.xml").getroot()}
    else:
        there = {path.stem for path in (MAIN / "res" / kind).glob("*.xml")}
    assert named(kind) == there, named(kind) ^ there


def test_every_view_of_a_screen_is_used():
    """Ids are those that sources look for: none is left over, none is looked for in vain."""
    layouts = [path.read_text(encoding="utf-8") for path in (MAIN / "res" / "layout").glob("*.xml")]
    there = set(re.findall(r'"@\+id/(\w+)"', "\n".join(layouts)))
    used = set(re.findall(r"\bR\.id\.(\w+)", "\n".join(path.read_text() for path in SOURCES)))
    assert there == used, there ^ used


def test_formatting_of_the_native_sources(require):
    require("clang-format", "clang-format")
    paths = [path for path in (MAIN / "cpp").iterdir() if path.suffix in (".cpp", ".h")]
    done = run("clang-format", "--dry-run", "--Werror", f"--style=file:{ROOT / 'deploy' / '.clang-format'}", *paths)
    assert done.returncode == 0, done.stderr
