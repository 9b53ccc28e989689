"""Finding faces: BlazeFace's anchors, decoding and merging, on the whole picture, on tiles and on rotated copies.

BlazeFace: Bazarevsky et al. 2019, https://arxiv.org/abs/1907.05047 (short-range model, 128 px input).
"""
from dataclasses import dataclass

import cv2
import numpy as np

from paddle_mfs.face.geometry import invert, scale_of, transform, warp

INPUT = 128
MIN_SCORE = 0.5
SAME_FACE_IOU = 0.3


@dataclass
class Detection:
    """A face as the detector sees it, in pixels of the whole picture (pixel centres at integers).

    centre (2,), size: centre and side of the face box, which is square to the searched view, so turned in a rotated one;
    keypoints (6, 2): eye, eye (image left, right), nose, mouth, ear, ear; score 0..1.
    """
    centre: np.ndarray
    size: float
    keypoints: np.ndarray
    score: float

    @property
    def box(self):
        """(4,) x1 y1 x2 y2 of the upright square around `centre`."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2])


def _anchors():
    """(896, 2) anchor centres in 0..1: a 16x16 grid with 2 anchors a cell, then 8x8 with 6."""
    centres = []
    for cells, per_cell in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres.append(np.repeat((np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells, per_cell, 0))
    return np.concatenate(centres).astype(np.float32)


ANCHORS = _anchors()


def whole_view(width, height, angle=0, margin=0.0):
    """The view (2, 3) that fits the whole picture, turned by `angle` degrees, into the detector's input.

    margin: extra border around the picture, as a fraction of its longer side (finds a face larger than the picture).
    """
    corners = np.array([[width, height], [width, -height]]) @ _turned(angle).T
    linear = _turned(angle, INPUT / (np.abs(corners).max() * (1 + 2 * margin)))
    return _centred(linear, [(width - 1) / 2, (height - 1) / 2])


def _turned(angle, scale=1.0):
    """(2, 2) rotation clockwise in the image by `angle` degrees, times `scale`."""
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return scale * np.array([[cosine, -sine], [sine, cosine]])


def _centred(linear, point):
    """The matrix with the given linear part that sends `point` to the middle of the input."""
    return np.column_stack([linear, (INPUT - 1) / 2 - linear @ np.asarray(point, np.float64)])


def local_views(detection):
    """Four views around a detection, turned by 0, 90, 180 and 270 degrees; the face spans 0.4 of each."""
    side = detection.size * 2.5
    return [_centred(_turned(angle, INPUT / side), detection.centre) for angle in (0, 90, 180, 270)]


def tile_views(width, height, tile, angle=0, overlap=0.35):
    """Views of square tiles of side `tile` that cover the picture, neighbours sharing `overlap` of their side.

    Measured on generated faces: BlazeFace finds all of 20 to 120 px (of 128) in a view, 83 % of 16 px, 33 % of 14 px. Levels of
    tiles that halve, sharing 0.35, therefore leave no size out.
    """
    linear = _turned(angle, INPUT / tile)
    stride = tile * (1 - overlap)

    def middles(length):
        if length <= tile:
            return [(length - 1) / 2]
        return np.linspace(tile / 2, length - tile / 2, int(np.ceil((length - tile) / stride)) + 1) - 0.5

    return [_centred(linear, (x, y)) for y in middles(height) for x in middles(width)]


def merge(detections):
    """Overlapping detections of one view become their score-weighted mean, as BlazeFace prescribes. Best score first."""
    merged = []
    for group in _groups(detections):
        weight = np.array([d.score for d in group])
        weight /= weight.sum()
        merged.append(Detection(sum(w * d.centre for w, d in zip(weight, group)),
                                float(sum(w * d.size for w, d in zip(weight, group))),
                                sum(w * d.keypoints for w, d in zip(weight, group)), group[0].score))
    return merged


def suppress(detections):
    """Of overlapping detections of several views (which may disagree on the roll) the best stays. Best score first."""
    return [group[0] for group in _groups(detections)]


def _groups(detections):
    """Yield lists of detections that overlap the best one of the list, each list and the lists sorted by score."""
    rest = sorted(detections, key=lambda d: -d.score)
    boxes = np.array([d.box for d in rest]).reshape(-1, 4)
    while rest:
        near = box_iou(boxes[0], boxes) > SAME_FACE_IOU
        near[0] = True
        yield [d for d, is_near in zip(rest, near) if is_near]
        rest, boxes = [d for d, is_near in zip(rest, near) if not is_near], boxes[~near]


def box_iou(box, boxes):
    """Intersection over union of one box (4,) with boxes (N, 4) -> (N,)."""
    overlap = (np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])).clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return overlap / np.maximum((box[2:] - box[:2]).prod() + areas - overlap, 1e-9)


class Detector:
    """BlazeFace over a list of views of a picture.

    Args:
        network: callable, (N, 3, 128, 128) float32 RGB in [-1, 1] -> [regressors (N, 896, 16), logits (N, 896)] numpy arrays.
    """

    def __init__(self, network, min_score=MIN_SCORE):
        self.network, self.min_score = network, min_score

    def detect(self, image, views=None):
        """Faces in `image` (H, W, 3) uint8 RGB, best score first, looked for in each view (default: the whole picture)."""
        found = []
        for view in [whole_view(image.shape[1], image.shape[0])] if views is None else views:
            pixels = warp(image, view, (INPUT, INPUT), cv2.INTER_LINEAR)
            batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(127.5) - np.float32(1)
            regressors, logits = self.network(batch)
            found += self._decode(view, regressors[0], logits.ravel())
        return suppress(found)

    def _decode(self, view, values, logits):
        scores = 1 / (1 + np.exp(-logits.clip(-80, 80)))
        kept = np.flatnonzero(scores > self.min_score)
        back = invert(view)
        per_pixel = scale_of(back)
        detections = []
        for i in kept:
            # the network's unit is its input side, measured from the edge of the first pixel
            points = values[i].reshape(8, 2).astype(np.float64)
            size = points[1]
            places = np.delete(points, 1, 0) + ANCHORS[i] * INPUT - 0.5
            places = transform(places, back)
            detections.append(Detection(places[0], float(size.max() * per_pixel), places[1:], float(scores[i])))
        return merge(detections)
