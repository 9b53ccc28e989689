"""Detections, and boxes that overlap: which of them are one face."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SAME_DETECTION_IOU = 0.3  # of two detections
SAME_FACE_IOU = 0.4  # of the boxes of landmarks


@dataclass
class Detection:
    """A face as the detector sees it, in pixels of the whole picture (pixel centres at integers).

    centre (2,), size: centre and side of the face box, which is square to the searched view, so turned in a rotated
    one; keypoints (6, 2): eye, eye (image left, right), nose, mouth, ear, ear; score 0..1.
    """

    centre: np.ndarray
    size: float
    keypoints: np.ndarray
    score: float

    @property
    def box(self) -> np.ndarray:
        """(4,) x1 y1 x2 y2 of the upright square around `centre`."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2])


class HasBox(Protocol):
    """A face by its box (4,), x1 y1 x2 y2."""

    box: np.ndarray


def merge(detections: Sequence[Detection]) -> list[Detection]:
    """Overlapping detections of one view become their score-weighted mean, as BlazeFace has it. Best score first."""
    merged = []
    for group in _groups(detections):
        weight = np.array([d.score for d in group])
        weight /= weight.sum()
        merged.append(
            dataclasses.replace(
                group[0],
                centre=sum(w * d.centre for w, d in zip(weight, group)),
                size=float(sum(w * d.size for w, d in zip(weight, group))),
                keypoints=sum(w * d.keypoints for w, d in zip(weight, group)),
            )
        )
    return merged


def suppress(detections: Sequence[Detection]) -> list[Detection]:
    """Of overlapping detections of several views (which may disagree on the roll) the best stays. Best score first."""
    return [group[0] for group in _groups(detections)]


def _groups(detections: Sequence[Detection]) -> Iterator[list[Detection]]:
    """Yield lists of detections that overlap the best one of the list, each list and the lists sorted by score."""
    rest = sorted(detections, key=lambda d: -d.score)
    boxes = np.array([d.box for d in rest]).reshape(-1, 4)
    while rest:
        near = box_iou(boxes[0], boxes) > SAME_DETECTION_IOU
        near[0] = True
        yield [d for d, is_near in zip(rest, near) if is_near]
        rest, boxes = [d for d, is_near in zip(rest, near) if not is_near], boxes[~near]


def box_iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (4,) with boxes (N, 4) -> (N,)."""
    overlap = (np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])).clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return overlap / np.maximum((box[2:] - box[:2]).prod() + areas - overlap, 1e-9)


def is_known(box: np.ndarray, faces: Sequence[HasBox]) -> bool:
    """Whether `box` (4,) overlaps one of the faces so much that it is the same face."""
    return bool(faces) and bool((box_iou(box, np.stack([face.box for face in faces])) > SAME_FACE_IOU).any())
