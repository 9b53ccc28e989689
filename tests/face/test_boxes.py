"""Which overlapping boxes are one face."""

import numpy as np
import pytest

from paddle_mfs.face.analysis import Face
from paddle_mfs.face.boxes import Detection, box_iou, is_known, merge, suppress


def detection(x, y, size, score):
    return Detection(np.array([x, y], np.float64), size, np.full((6, 2), float(x)), score)


def test_overlap():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [0, 0, 5, 10]], np.float64)
    assert box_iou(boxes[0], boxes) == pytest.approx([1, 1 / 3, 0, 1 / 2])


def test_overlapping_detections_are_averaged_in_one_view_and_the_best_stays_of_several():
    near, far = [detection(100, 100, 40, 0.9), detection(108, 100, 44, 0.3)], detection(300, 100, 40, 0.6)
    first, second = merge([near[1], far, near[0]])
    assert first.centre == pytest.approx([102, 100]) and first.size == pytest.approx(41)
    assert first.keypoints == pytest.approx(np.full((6, 2), 102)) and first.score == 0.9 and second.score == 0.6
    assert suppress([near[1], far, near[0]]) == [near[0], far] and merge([]) == suppress([]) == []


def test_a_known_face():
    face = Face(np.array([0, 0, 10, 10], np.float32), 1.0, np.zeros((468, 3)), np.zeros((5, 2)), 1.0)
    assert is_known(np.array([1, 0, 11, 10]), [face]) and not is_known(np.array([6, 0, 16, 10]), [face])
    assert not is_known(face.box, [])
