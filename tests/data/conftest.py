"""Shared by the tests of what is drawn on crops."""

import pytest


@pytest.fixture(scope="session")
def crop(samples):
    """An AlignedFace of samples/source.jpg, 224 pixels a side. Do not change it."""
    from paddle_mfs.face.align import aligned_face
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image

    image = read_image(samples / "source.jpg")
    return aligned_face(image, FaceAnalyser().faces(image)[0], 224)
