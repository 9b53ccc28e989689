"""The Gradle build, as far as it can be tried without Gradle: its plain Java runs, its files parse."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from .java import GROOVY, JAVA, JAVAC, run
from .native import jdk

ROOT = Path(__file__).resolve().parents[2]
ANDROID = ROOT / "deploy" / "android"
GRADLE = sorted(ANDROID.rglob("*.gradle"))
READMES = ("README.md", "README_cn.md")
RUN = """
package org.paddlemfs.gradle;

import java.nio.file.Path;

class Run {
    public static void main(String[] words) {
        try {
            if (words[0].equals("fetch")) {
                Download.fetch(words[1], words[2], Path.of(words[3]), "put it there.");
                System.out.println("fetched");
            } else {
                System.out.println(PageSize.check(Path.of(words[1]), words[2]) + " aligned");
            }
        } catch (BuildProblem problem) {
            System.out.println("problem: " + problem.getMessage());
        }
    }
}
"""
PARSE = """
import org.codehaus.groovy.control.*
args.each { path ->
    def unit = new CompilationUnit()
    unit.addSource(new File(path))
    unit.compile(Phases.CONVERSION)
    println path
}
"""


@pytest.fixture(scope="module")
def build(require, tmp_path_factory):
    """build("fetch", ...) runs the build's own Java -> what it prints."""
    require("javac", "openjdk-17-jdk-headless")
    folder = tmp_path_factory.mktemp("build")
    (folder / "Run.java").write_text(RUN)
    sources = [*(ANDROID / "buildSrc").rglob("*.java"), folder / "Run.java"]
    done = run(*JAVAC, "-Xlint:all,-serial", "-Werror", "-d", folder, *sources)
    assert done.returncode == 0, done.stderr

    def run_build(*words):
        done = run(*JAVA, "-cp", folder, "org.paddlemfs.gradle.Run", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_build


def test_fetching_by_hash(build, tmp_path):
    there, place = tmp_path / "there.zip", tmp_path / "new" / "here.zip"
    there.write_bytes(b"a bundle")
    sha256 = hashlib.sha256(b"a bundle").hexdigest()
    assert build("fetch", there.as_uri(), "0" * 64, place).startswith(
        f"problem: {there.as_uri()}: is not the file meant"
    )
    assert not list(place.parent.iterdir()), "nothing stays of another file"
    assert build("fetch", there.as_uri(), sha256.upper(), place) == "fetched" and place.read_bytes() == b"a bundle"
    there.unlink()
    assert build("fetch", there.as_uri(), sha256, place) == "fetched", "it is there already"
    assert "cannot be fetched" in build("fetch", there.as_uri(), sha256, tmp_path / "other.zip")
    for url, digest in (("", ""), (there.as_uri(), ""), ("", sha256)):
        assert build("fetch", url, digest, place) == (
            "problem: No URL and SHA-256 are set in gradle.properties: put it there."
        )


def test_pages_of_16_kb(build, require, tmp_path):
    require("gcc", "gcc")
    require("readelf", "binutils")
    code = tmp_path / "code.c"
    code.write_text("int one(void) { return 1; }\n")
    large, small = tmp_path / "large" / "arm64-v8a", tmp_path / "small"
    for folder, size in ((large, 16384), (small, 4096)):
        folder.mkdir(parents=True)
        words = ["-shared", f"-Wl,-z,max-page-size={size}", "-o", folder / f"lib{size}.so", code]
        assert run("gcc", *words).returncode == 0
    assert build("pages", large.parent, "readelf") == "1 aligned"
    told = build("pages", small, "readelf")
    assert told.startswith("problem: Not aligned to 16 KB: lib4096.so (4096 bytes)"), told
    (small / "lib4096.so").write_text("no library")
    assert "no library" in build("pages", small, "readelf")
    assert "cannot be examined" in build("pages", small, "no_readelf_of_that_name")


def test_gradle_files_parse(require, tmp_path):
    require("groovy", "groovy")
    program, broken = tmp_path / "parse.groovy", tmp_path / "broken.gradle"
    program.write_text(PARSE)
    environment = {**os.environ, **GROOVY, "JAVA_HOME": str(jdk())}
    done = run("groovy", program, *GRADLE, env=environment)
    assert done.returncode == 0 and done.stdout.split() == [str(path) for path in GRADLE], done.stderr
    broken.write_text((ANDROID / "app" / "build.gradle").read_text().replace("dependsOn(check)", "dependsOn(check", 1))
    assert run("groovy", program, broken, env=environment).returncode != 0


def test_readmes_tell_the_versions():
    """What people read is what Gradle uses, in both languages."""
    texts = {path.name: path.read_text() for path in [*GRADLE, *ANDROID.rglob("gradle-wrapper.properties")]}
    app, top = (ANDROID / "app" / "build.gradle").read_text(), (ANDROID / "build.gradle").read_text()
    facts = {
        "Gradle": re.search(r"gradle-([\d.]+)-bin", texts["gradle-wrapper.properties"]).group(1),
        "AGP": re.search(r"com\.android\.application' version '([\d.]+)'", top).group(1),
        "NDK": re.search(r"ndkVersion '([\d.]+)'", app).group(1),
        "CMake": re.search(r"version '(3[\d.]+)'", app).group(1),
        "CameraX": re.search(r"camera-core:([\d.]+)'", app).group(1),
        "minSdk": re.search(r"minSdk (\d+)", app).group(1),
        "targetSdk": re.search(r"targetSdk (\d+)", app).group(1),
    }
    assert {re.search(r"camera-\w+:([\d.]+)", line).group(1) for line in app.splitlines() if ":camera-" in line} == {
        facts["CameraX"]
    }
    for name in READMES:
        text = (ANDROID / name).read_text(encoding="utf-8")
        for fact, version in facts.items():
            assert f"{fact} {version}" in text, f"{name}: {fact} {version}"


def test_readmes_name_what_is_there():
    """Paths, links and tasks in the guides exist; both languages show the same commands."""
    guides = [ANDROID / name for name in READMES]
    for path in [*guides, ROOT / "deploy" / "README.md"]:
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (path.parent / link).exists(), f"{path}: {link}"
        for tool in re.findall(r"python (tools/\w+\.py)", text):
            assert (ROOT / tool).is_file(), f"{path}: {tool}"
        for task in re.findall(r"gradle (fetch\w+|check\w+)", text):
            named = f"'{task}'" in (ANDROID / "app" / "build.gradle").read_text()
            assert named or re.match(r"check(Debug|Release)PageSize$", task), f"{path}: {task}"
    english, chinese = (
        re.findall(r"^```sh\n(.*?)^```", guide.read_text(encoding="utf-8"), re.M | re.S) for guide in guides
    )
    assert [re.sub(r" *#.*", "", block) for block in english] == [re.sub(r" *#.*", "", block) for block in chinese]
