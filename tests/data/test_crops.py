"""Faces for training: shards, folders, labels."""

import numpy as np
import pytest

from paddle_mfs.data import crops as crops_module
from paddle_mfs.data.aligned_face import face_members
from paddle_mfs.data.crops import Crops, find_pictures, load_crops, prepare, save_crops
from paddle_mfs.data.faces import ShardedFaces, load_faces
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.data.snapshots import TeacherSnapshots
from paddle_mfs.face.align import template
from paddle_mfs.face.image import write_image
from paddle_mfs.face.regions import five_points
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def crops(samples):
    return prepare(samples / "faces")


def test_prepared_faces_sit_on_the_template(crops, samples):
    assert len(crops) == len(list((samples / "faces").glob("*.jpg"))) >= 8
    assert crops.images.dtype == np.uint8 and crops.images.shape[1:] == (224, 224, 3)
    for landmarks in crops.landmarks:
        assert (
            np.abs(five_points(landmarks) - template(224)).max() < 20
        )  # a similarity cannot match five points exactly


def test_shard_round_trip(crops, tmp_path):
    save_crops(tmp_path / "faces.npz", crops)
    again = load_crops(tmp_path / "faces.npz")
    assert again.names == crops.names
    assert np.abs(again.images.astype(int) - crops.images).mean() < 2  # JPEG
    assert np.abs(again.landmarks - crops.landmarks).max() < 0.1  # half precision


def test_resizing_moves_landmarks_with_pixels(crops):
    small = crops.resized(112)
    np.testing.assert_allclose(
        five_points(small.landmarks[0]), (five_points(crops.landmarks[0]) + 0.5) / 2 - 0.5, atol=1e-4
    )
    np.testing.assert_allclose(small.images[0, 10, 10], crops.images[0, 20:22, 20:22].mean((0, 1)), atol=1)


def test_a_folder_a_person_is_a_label():
    crops = Crops(None, None, ["ann/1.jpg", "ann/2.jpg", "bob/1.jpg"])
    assert crops.labels == ["ann", "ann", "bob"]
    assert Crops(None, None, ["1.jpg", "2.jpg"]).labels == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda p: None, "tools/prepare_data.py"),
        (lambda p: p.write_text("no"), "not a faces file"),
        (lambda p: p.mkdir(), "no pictures"),
        (lambda p: np.savez(p, other=1), "not a faces file"),
    ],
)
def test_bad_faces_file_is_one_line(tmp_path, make, message):
    path = tmp_path / "faces.npz"
    make(path)
    with pytest.raises(UserError) as error:
        load_crops(path)
    assert str(path) in str(error.value) and message in str(error.value) and "\n" not in str(error.value)


@pytest.fixture
def prepared(crops, tmp_path):
    """A set as tools/prepare_data.py leaves it: three faces of two people, a rejected picture and the sheet."""
    folder = tmp_path / "data" / "faces"
    with ShardWriter(folder, "faces", {"size": 224}) as writer:
        for number, label in enumerate(("ann", "ann", "bob/1.jpg")):
            facts = {"file": f"in/{number}.jpg", "label": label}
            writer.add(face_members(crops.images[number], crops.landmarks[number], facts), facts)
        writer.finish()
    for name in ("rejected/blurred_1.jpg", "sheet.jpg"):
        write_image(folder / name, crops.images[9])
    return folder


def test_a_prepared_set_is_read_and_not_what_it_left_out(crops, prepared):
    read, streamed = load_crops(prepared), load_faces(prepared)
    assert isinstance(streamed, ShardedFaces) and len(read) == len(streamed) == 3
    for index in range(3):
        (image, landmarks), (same, marks) = read.face(index), streamed.face(index)
        assert np.abs(image.astype(int) - crops.images[index]).mean() < 2  # JPEG
        np.testing.assert_array_equal(image, same)
        np.testing.assert_array_equal(landmarks, marks)
        assert read.mates(index) == streamed.mates(index)
    assert read.names == streamed.names == ["in/0.jpg", "in/1.jpg", "in/2.jpg"]
    assert read.labels == streamed.labels == ["ann", "ann", "bob/1.jpg"]
    assert load_crops(prepared, 112).images.shape == (3, 112, 112, 3)


def test_labels_of_a_set_stay_with_its_faces(prepared, tmp_path):
    save_crops(tmp_path / "faces.npz", load_crops(prepared))
    assert load_crops(tmp_path / "faces.npz", 64).labels == ["ann", "ann", "bob/1.jpg"]


def test_pictures_of_a_set_are_never_taken_for_faces(prepared):
    for folder in (prepared, prepared / "..", prepared.parent):
        with pytest.raises(UserError, match="holds the prepared set .*faces"):
            find_pictures(folder)
    with pytest.raises(UserError, match="holds the prepared set"):
        load_crops(prepared.parent)
    (prepared.parent / "other").mkdir()
    with pytest.raises(UserError, match="holds the prepared set"):
        TeacherSnapshots(prepared.parent)


def test_a_set_that_does_not_fit_in_memory_is_refused(prepared, monkeypatch):
    monkeypatch.setattr(crops_module, "MOST_IN_MEMORY", 2)
    with pytest.raises(UserError, match="holds 3 faces, at most 2"):
        load_crops(prepared)


def test_faces_files_of_earlier_versions_open(crops, tmp_path):
    save_crops(tmp_path / "new.npz", crops)
    with np.load(tmp_path / "new.npz") as stored:
        np.savez(tmp_path / "old.npz", **{name: stored[name] for name in stored.files if name != "labels"})
    assert load_crops(tmp_path / "old.npz").labels == crops.labels
