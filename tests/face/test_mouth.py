"""The inside of an open mouth, on a real face whose lips are moved."""

import cv2
import numpy as np

from paddle_mfs.face.mouth import open_mouth_mask
from paddle_mfs.face.regions import INNER_LIPS, region_mask

SIZE = 224


def test_an_open_mouth_is_kept_and_a_closed_one_is_not(crop_and_landmarks):
    _, landmarks = crop_and_landmarks
    lips, middle = landmarks[INNER_LIPS], landmarks[INNER_LIPS].mean(0)

    def opened(share):
        """The same face, the height of the inner lips set to a share of the mouth's width."""
        changed = landmarks.copy()
        scale = share * np.linalg.norm(landmarks[291] - landmarks[61]) / np.linalg.norm(landmarks[14] - landmarks[13])
        changed[INNER_LIPS] = middle + (lips - middle) * [1, scale]
        return changed

    assert (open_mouth_mask(opened(0.02), SIZE) == 0).all()
    weak, full = open_mouth_mask(opened(0.1), SIZE), open_mouth_mask(opened(0.3), SIZE)
    assert 0.2 < weak.max() < 0.8 and full.max() > 0.99
    inside = region_mask(opened(0.3), INNER_LIPS, SIZE, SIZE) > 0
    assert (
        full[inside].mean() > 0.7
        and full[~cv2.dilate(inside.astype(np.uint8), np.ones((13, 13))).astype(bool)].max() < 1e-3
    )
    rising = [open_mouth_mask(opened(share), SIZE).sum() for share in np.linspace(0.05, 0.15, 11)]
    assert (np.diff(rising) >= 0).all(), "no jump between closed and open"
