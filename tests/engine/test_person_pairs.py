"""Training pairs of one person: where the landmarks of a moved target lie."""

import numpy as np

from paddle_mfs.data.crops import load_crops
from paddle_mfs.engine.person_pairs import PersonPairs
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.boxes import Detection
from paddle_mfs.face.regions import five_points


def test_targets_are_moved_with_their_landmarks(samples):
    """The landmarks found in a moved crop lie where the moved landmarks say."""
    crops, analyser = load_crops(samples / "faces"), FaceAnalyser()
    pairs = PersonPairs([], [])
    for image, marks in zip(crops.images[:3], crops.landmarks[:3]):
        moved, wanted = pairs.moved(image, marks)
        assert (moved != image).any()
        low, high = wanted.min(0), wanted.max(0)
        found, _ = analyser.landmarker(
            moved, Detection((low + high) / 2, float((high - low).max()), five_points(wanted), 1.0)
        )
        centre = np.abs(found[:, :2].mean(0) - wanted.mean(0)).max()
        assert centre < 4, centre
