"""What the tests of the core and of mfs_shell share."""

import hashlib
import json
import sys
import zipfile

import pytest


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
