"""The mesh teacher on two generated faces."""

import cv2
import numpy as np
import pytest

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.crops import prepare
from paddle_mfs.data.pairs import supervised_regions
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError

SIZE = 224


@pytest.fixture(scope="module")
def faces(samples):
    crops = prepare(samples / "faces").resized(SIZE)
    return [crops.face(i) for i in range(len(crops))]


@pytest.fixture(scope="module")
def teacher():
    return create_teacher({"name": "mesh"})


def test_a_face_taught_with_itself_stays_nearly_itself(teacher, faces):
    image, blend = teacher.swap(faces[0], faces[0])
    assert np.abs(image.astype(int) - faces[0][0])[blend > 0.5].mean() < 4


def test_teacher_moves_identity_and_keeps_the_background(teacher, faces):
    from paddle_mfs.models import create_model
    from paddle_mfs.models.embedder import FaceEmbedder

    (source, _), (target, landmarks) = faces[1], faces[2]
    image, blend = teacher.swap(faces[1], faces[2])
    background, _ = supervised_regions(landmarks, SIZE)
    assert image.dtype == np.uint8 and image.shape == target.shape and blend.min() >= 0 and blend.max() <= 1
    assert np.abs(image[background].astype(int) - target[background]).max() <= 2  # the fade's last traces
    np.testing.assert_array_equal(image[blend == 0], target[blend == 0])
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    z = embedder.embed(np.stack([source, target, image]))[0].numpy()
    assert z[2] @ z[0] > z[1] @ z[0] + 0.2


def test_teacher_takes_the_targets_light(teacher, faces):
    dark = (faces[1][0] * 0.5).astype(np.uint8)
    image, blend = teacher.swap(faces[0], faces[1]._replace(image=dark))
    face = blend > 0.5
    assert abs(image[face].mean() - dark[face].mean()) < 8


def test_blend_is_shut_at_the_crops_edge(teacher, faces):
    for _, landmarks in faces:
        blend = teacher.geometry(landmarks + [0, 40], SIZE).blend  # a chin beyond the crop
        edge = np.concatenate([blend[0], blend[-1], blend[:, 0], blend[:, -1]])
        assert edge.max() < 0.1


def test_no_face_region_leaves_the_target(teacher, faces):
    image, blend = teacher.swap(faces[0], faces[1]._replace(landmarks=faces[1].landmarks * 0.01))
    np.testing.assert_array_equal(image, faces[1][0])
    assert not blend.any()


def test_mirrored_faces_give_the_mirrored_answer(teacher, faces):
    straight, _ = teacher.swap(faces[0], faces[1])
    flipped, _ = teacher.swap(mirrored(*faces[0]), mirrored(*faces[1]))
    difference = np.abs(cv2.blur(straight, (5, 5)).astype(int) - cv2.blur(flipped[:, ::-1], (5, 5)))
    assert difference.mean() < 2


def test_unknown_teacher():
    with pytest.raises(UserError, match="mesh"):
        create_teacher({"name": "simswpa"})
