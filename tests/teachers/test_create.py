"""Teachers from a config's section: names, options, licences, workers; and pictures made beforehand."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.data.aligned_face import face_members
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.make_pairs import PairJob, make_pairs
from paddle_mfs.data.pairs import PairSampler
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.teachers import TEACHERS, create_teacher
from paddle_mfs.teachers.folder import FolderTeacher, pair_name
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.teachers.network import placed
from paddle_mfs.utils.config import load_config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch, to_image

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def crops(samples):
    """Three pictures as crops of 32 px; the teachers here do not look at landmarks."""
    images = [read_image(path)[:32, :32] for path in sorted((samples / "faces").glob("*.jpg"))[:3]]
    landmarks = np.tile(np.linspace(8, 24, 468, dtype=np.float32)[:, None], (3, 1, 2))
    return Crops(np.stack(images), landmarks, ["ann/1.jpg", "bob.png", "cleo.jpg"])


@pytest.fixture
def pictures(tmp_path, crops):
    """A folder that has ann on bob, ann on cleo and cleo on bob, each of one colour."""
    import cv2

    for number, (source, target) in enumerate(((0, 1), (0, 2), (2, 1)), 1):
        image = np.zeros((32, 32, 3), np.uint8)
        image[:, :16, 0] = 60 * number
        cv2.imwrite(str(tmp_path / f"{pair_name(crops.names[source], crops.names[target])}.png"), image[..., ::-1])
    (tmp_path / "licence.json").write_text('{"licence": "CC0 of this test"}')
    return tmp_path


def test_the_shipped_section_makes_the_mesh_teacher(root, capsys):
    teacher = create_teacher(load_config(root / "configs" / "distill.yml").teacher, workers=2)
    assert isinstance(teacher, MeshTeacher) and capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "section, words",
    [
        ({"name": "simswpa"}, "no teacher named 'simswpa'; known: faceshifter, folder, mesh, onnx, simswap"),
        ({"name": "mesh", "weights": "a.pdparams"}, "teacher.weights: the mesh teacher takes none"),
        ({"name": "simswap", "encoder": "b"}, "teacher.weights: the simswap teacher needs it"),
        (
            {"name": "simswap", "weights": "a", "encoder": "b", "onnx": {"size": 3}},
            "teacher.onnx: the simswap teacher takes none",
        ),
        ({"name": "onnx", "weights": "a.onnx"}, "teacher.onnx: the onnx teacher needs it"),
        ({"name": "folder"}, "teacher.weights: the folder teacher needs it"),
        ({"name": "folder", "weights": "/none"}, "/none: no such folder"),
    ],
)
def test_sections_are_strict(section, words):
    with pytest.raises(UserError) as caught:
        create_teacher({"weights": None, "encoder": None, "onnx": {}, **section})
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_teachers_are_described(root):
    page = (root / "docs" / "teachers.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in TEACHERS)


def test_importing_the_package_of_teachers_is_cheap():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, paddle_mfs.teachers; print('paddle' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "False"


def test_a_folder_teaches_the_pairs_it_has(pictures, crops, capsys):
    teacher = create_teacher({"name": "folder", "weights": str(pictures)})
    assert "CC0 of this test" in capsys.readouterr().out
    assert {source: sorted(targets) for source, targets in teacher.partners(crops).items()} == {0: [1, 2], 2: [1]}
    image, _ = teacher.swap(crops.face(0), crops.face(2), keys=(0, 4))
    assert image[0, 0, 0] == 120 and image[0, 31, 0] == 0
    flipped, _ = teacher.swap(crops.face(0), crops.face(2), keys=(1, 5))
    np.testing.assert_array_equal(flipped, image[:, ::-1])
    for keys in ((2, 0), None):
        with pytest.raises(UserError, match="no picture of this pair"):
            teacher.swap(crops.face(1), crops.face(0), keys=keys)


def test_the_sampler_draws_only_pairs_of_the_folder(pictures, crops):
    sampler = PairSampler(crops, create_teacher({"name": "folder", "weights": str(pictures)}), 2, 2, 0.0)
    for batch in itertools.islice(sampler.stream(), 6):
        assert set(batch.sources // 2) <= {0, 2}
        assert set(np.unique(batch.taught[:, 0])) <= {0, 60, 120, 180}


def test_a_folder_teaches_the_faces_of_a_prepared_set_and_equal_pictures_apart(crops, tmp_path):
    """By their names: the crops may lie in shards, come out of JPEG, and be the same twice."""
    names = ["in/ann/1.jpg", "in/bob.png", "clip.mp4#000025"]
    with ShardWriter(tmp_path / "faces", "faces", {"size": 32}) as writer:
        for name in names:
            writer.add(face_members(crops.images[0], crops.landmarks[0], {}), {"file": name, "label": name})
        writer.finish()
    (tmp_path / "taught").mkdir()
    for number, (source, target) in enumerate(((0, 1), (2, 0), (0, 2)), 1):
        assert "/" not in pair_name(names[source], names[target])
        image = np.full((32, 32, 3), 60 * number, np.uint8)
        write_image(tmp_path / "taught" / f"{pair_name(names[source], names[target])}.png", image)
    faces, teacher = ShardedFaces(tmp_path / "faces"), FolderTeacher(tmp_path / "taught")
    sampler = PairSampler(faces, teacher, 2, 2, 0.0)
    assert {source: sorted(targets) for source, targets in sampler.partners.items()} == {0: [1, 2], 2: [0]}
    for batch in itertools.islice(sampler.stream(), 6):
        for row, taught in enumerate(batch.taught):
            assert set(np.unique(taught)) <= ({60, 180} if batch.sources[row // 2] < 2 else {120})


def test_the_tool_for_stored_pairs_wants_another_teacher(pictures, crops, tmp_path):
    with ShardWriter(tmp_path / "faces", "faces", {"size": 32}) as writer:
        for name in crops.names:
            writer.add(face_members(crops.images[0], crops.landmarks[0], {}), {"file": name, "label": name})
        writer.finish()
    section = {"name": "folder", "weights": str(pictures)}
    with pytest.raises(UserError, match="folder: its pictures are there already"):
        make_pairs(PairJob(tmp_path / "faces", tmp_path / "pairs", section, 4, size=32, workers=0))


def test_a_folder_of_other_faces_is_refused(pictures, crops):
    teacher = create_teacher({"name": "folder", "weights": str(pictures)})
    strangers = Crops(crops.images, crops.landmarks, ["x.jpg", "y.jpg", "z.jpg"])
    with pytest.raises(UserError, match="holds no picture of these faces, such as x__z.png"):
        teacher.partners(strangers)


def test_pictures_go_to_a_network_and_come_back(crops):
    image = crops.images[0]
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    values = to_batch(image, mean, std)
    assert values.shape == (1, 3, 32, 32)
    assert values[0, 0, 3, 4] == pytest.approx((image[3, 4, 0] / 255 - 0.485) / 0.229, abs=1e-6)
    np.testing.assert_array_equal(to_image(values, mean, std), image)
    around = placed(image, 40, (4, 2, 36, 34))
    np.testing.assert_array_equal(around[2:34, 4:36], image)
    np.testing.assert_array_equal(around[2:34, 3], image[:, 1])  # the mirror image, the edge itself not twice
