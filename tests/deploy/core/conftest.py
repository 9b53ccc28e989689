"""What the tests of the core and of mfs_shell share."""

import hashlib
import json
import sys
import zipfile

import pytest

from paddle_mfs.face.image import read_image, write_image


@pytest.fixture(scope="session")
def golden(once):
    """Folder of the golden vectors that the core is held against."""
    from paddle_mfs.export.golden import export_golden

    return once("golden", lambda folder: export_golden(folder / "vectors")) / "vectors"


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


@pytest.fixture(scope="session")
def picture(samples, tmp_path_factory):
    """samples/target.jpg as a PNG: two JPEG decoders need not agree."""
    path = tmp_path_factory.mktemp("picture") / "target.png"
    write_image(path, read_image(samples / "target.jpg"))
    return path


@pytest.fixture(scope="session")
def source(samples, tmp_path_factory):
    """samples/source.jpg, likewise."""
    path = tmp_path_factory.mktemp("picture") / "source.png"
    write_image(path, read_image(samples / "source.jpg"))
    return path


@pytest.fixture(scope="session")
def identity_file(shell, report, source, picture, tmp_path_factory):
    """What mfs_shell made of the source and kept, and the swapped picture that came with it."""
    folder = tmp_path_factory.mktemp("identity")
    words = ["--source", source, "--target", picture, "--output", folder, "--json", "--repeats", 3]
    done = report(shell(*words, "--save-identity", folder / "source.face"))
    assert done["outputs"] == [str(folder / "target_source.png")]
    return folder / "source.face", folder / "target_source.png", done
