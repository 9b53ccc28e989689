"""Faces for training: shards, folders, labels."""

import numpy as np
import pytest

from paddle_mfs.data.crops import Crops, load_crops, prepare, save_crops
from paddle_mfs.face.align import template
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
