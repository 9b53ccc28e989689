import numpy as np
import pytest

from paddle_mfs.face.analysis import MIN_FACE, FaceAnalyser
from paddle_mfs.face.detect import Detector
from paddle_mfs.utils.errors import UserError


class Counting:
    """A runner that counts its passes."""

    def __init__(self, runner):
        self.runner, self.passes = runner, 0

    def __call__(self, x):
        self.passes += 1
        return self.runner(x)


def test_the_common_case_is_one_detector_pass_and_two_mesh_passes(analyser, reference_image):
    detector, mesh = Counting(analyser.detector.network), Counting(analyser.landmarker.network)
    faces = FaceAnalyser(detector, mesh).faces(reference_image)
    assert len(faces) == 1 and detector.passes == 1 and mesh.passes == 2


def test_face_fields(reference):
    assert reference.box.shape == (4,) and reference.landmarks.shape == (468, 3) and reference.five.shape == (5, 2)
    assert reference.landmarks.dtype == np.float32
    left, right, nose, mouth_left, mouth_right = reference.five
    assert left[0] < nose[0] < right[0] and mouth_left[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    # the eyes of the reference picture, read off by hand
    assert np.abs(left - [192, 243]).max() < 6 and np.abs(right - [320, 242]).max() < 6


@pytest.mark.parametrize("engine", ["paddle", "openvino", "lite"])
def test_engines_agree(engine, reference, reference_image):
    face = FaceAnalyser(engine=engine).largest(reference_image)
    assert np.abs(face.landmarks - reference.landmarks).max() < 0.05


def test_unknown_engine():
    with pytest.raises(UserError, match="no engine named"):
        FaceAnalyser(engine="abacus")


@pytest.mark.parametrize("shape", [(300, 400, 3), (1, 1, 3), (7, 500, 3)])
def test_no_face(analyser, shape):
    image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    assert analyser.faces(image) == []
    with pytest.raises(UserError, match="^holiday.jpg: no face found; ") as caught:
        analyser.largest(image, "holiday.jpg")
    assert "\n" not in str(caught.value)


def test_too_small_a_face_has_its_own_message(analyser, reference_image):
    import cv2

    image = cv2.resize(reference_image, (24, 24), interpolation=cv2.INTER_AREA)
    with pytest.raises(UserError, match=r"thumb.png: the face is too small \(\d+ px, at least 20"):
        analyser.largest(image, "thumb.png")
    assert analyser.faces(image) == []
    assert MIN_FACE == 20


def test_wrong_arrays_are_refused(analyser, reference_image):
    for image in (reference_image[..., 0], reference_image / 255.0):
        with pytest.raises(TypeError, match="uint8 RGB"):
            analyser.faces(image)


def test_detector_keypoints_lie_in_the_face(analyser, reference, reference_image):
    detections = Detector(analyser.detector.network).detect(reference_image)
    assert len(detections) == 1
    eyes = detections[0].keypoints[:2]
    assert np.abs(eyes - reference.five[:2]).max() < 0.06 * reference.size


def test_mirroring_mirrors_the_landmarks(analyser, reference, reference_image):
    # half a pixel lost in a frame change would show here
    mirrored = analyser.largest(np.ascontiguousarray(reference_image[:, ::-1])).five
    mirrored[:, 0] = reference_image.shape[1] - 1 - mirrored[:, 0]
    assert np.abs((mirrored[[1, 0, 2, 4, 3]] - reference.five).mean(0)).max() < 0.012 * reference.size
