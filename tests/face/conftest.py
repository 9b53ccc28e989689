"""Shared by the face tests: the hard pictures, and one analyser for all."""

import os
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image

# another folder with the same sub-folders can be tried too
HARD = Path(os.environ.get("PADDLE_MFS_HARD_PICTURES") or Path(__file__).resolve().parents[1] / "fixtures" / "hard")


@pytest.fixture(scope="session")
def hard():
    return HARD


@pytest.fixture(scope="session")
def analyser():
    return FaceAnalyser()


@pytest.fixture(scope="session")
def reference_image(hard):
    return read_image(hard / "formats" / "upright_reference.png")


@pytest.fixture(scope="session")
def reference(analyser, reference_image):
    """The face of the upright reference picture."""
    return analyser.largest(reference_image)


@pytest.fixture(scope="session")
def crop_and_landmarks(reference_image, reference):
    """Its aligned crop, (224, 224, 3) uint8 RGB, and the landmarks (468, 2) in it."""
    crop, matrix = align(reference_image, reference.five, 224)
    return crop, transform(reference.landmarks[:, :2].astype(np.float64), matrix)
