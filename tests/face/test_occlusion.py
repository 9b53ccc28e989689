"""What lies on a face: nothing on the sample faces, until a disc is drawn over them."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import align
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.occlusion import occlusion_mask
from paddle_mfs.face.regions import OUTER_LIPS, oval_mask

SIZE = 224


@pytest.fixture(scope="module")
def uncovered_faces(analyser, root):
    """(crop, landmarks) of the twelve sample faces, none of them covered."""
    made = []
    for path in sorted((root / "samples" / "faces").glob("*.jpg")):
        image = read_image(path)
        face = analyser.largest(image)
        crop, matrix = align(image, face.five, SIZE)
        made.append((crop, transform(face.landmarks[:, :2].astype(np.float64), matrix)))
    return made


def test_uncovered_faces_are_painted(uncovered_faces):
    kept = [occlusion_mask(*face)[oval_mask(face[1], SIZE, SIZE) > 0].mean() for face in uncovered_faces]
    assert np.median(kept) == 0 and np.mean(kept) < 0.03, kept


@pytest.mark.parametrize("colour", [(35, 35, 38), (235, 235, 230), (90, 160, 200)])
def test_a_disc_over_the_mouth_is_seen(uncovered_faces, colour):
    shares = []
    for crop, landmarks in uncovered_faces:
        truth, centre = np.zeros((SIZE, SIZE), np.uint8), landmarks[OUTER_LIPS].mean(0) + [5, 10]
        cv2.circle(truth, tuple(np.rint(centre).astype(int).tolist()), 30, 1, -1)
        covered = np.where(truth[..., None] > 0, np.uint8(colour), crop)
        inside = (truth > 0) & (oval_mask(landmarks, SIZE, SIZE) > 0)
        shares.append(occlusion_mask(covered, landmarks)[inside].mean())
    assert np.mean(shares) > 0.8 and np.median(shares) > 0.9, shares
