"""Every face of a picture: detector, landmarks and the search that makes them work at any size and roll."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from paddle_mfs.face.boxes import Detection, is_known
from paddle_mfs.face.detect import Detector
from paddle_mfs.face.image import check_image
from paddle_mfs.face.landmarks import MIN_PRESENCE, Landmarker, Region, pose, region
from paddle_mfs.face.light import brightened
from paddle_mfs.face.networks import bundled_network
from paddle_mfs.face.regions import five_points
from paddle_mfs.face.views import levels, local_views
from paddle_mfs.utils.errors import UserError

MIN_FACE = 20  # pixels, longer side of the landmarks' box; a smaller face is refused
SURE = 0.85  # a detector score below this may be a face seen at the wrong roll: look again around it


@dataclass
class Face:
    """One face, in pixels of the picture it was found in (pixel centres at integers).

    box (4,) float32: x1 y1 x2 y2, the landmarks' bounding box; score 0..1 of the detector; landmarks (468, 3) float32;
    five (5, 2) float32: eye centres (image left, right for an upright face), nose tip, mouth corners; presence 0..1 of
    the mesh network.
    """

    box: np.ndarray
    score: float
    landmarks: np.ndarray
    five: np.ndarray
    presence: float

    @classmethod
    def of(cls, landmarks: np.ndarray, score: float, presence: float) -> Face:
        """The face with these landmarks (468, 3); box and five points follow from them."""
        xy = landmarks[:, :2]
        return cls(np.concatenate([xy.min(0), xy.max(0)]), score, landmarks, five_points(landmarks), presence)

    @property
    def size(self) -> float:
        """Longer side of the box in pixels."""
        return float((self.box[2:] - self.box[:2]).max())

    @property
    def pose(self) -> tuple[float, float, float]:
        """(yaw, pitch, roll) in degrees, see `landmarks.pose`."""
        return pose(self.landmarks)


class FaceAnalyser:
    """Finds faces and their landmarks.

    Args:
        detector, mesh: callables (N, 3, H, W) float32 numpy -> list of numpy arrays, as `Detector` and `Landmarker`
            want them. Default: the bundled BlazeFace and FaceMesh.
        engine: what runs the default networks, see `runtime.make_runner`.

    Example: `face = FaceAnalyser().largest(read_image("a.jpg"), "a.jpg")`.
    """

    def __init__(self, detector: Callable | None = None, mesh: Callable | None = None, engine: str = "auto"):
        self.detector = Detector(detector or bundled_network("blazeface", engine))
        self.landmarker = Landmarker(mesh or bundled_network("facemesh", engine))

    def faces(self, image: np.ndarray, small: bool = False) -> list[Face]:
        """Faces of at least 20 px, largest first; [] when there is none.

        A picture whose face is found at once costs one detector pass. Otherwise the search widens until some face is
        confirmed by the mesh network: the picture with a border and turned by 90, 180, 270 degrees (the detector
        bears a roll of 45 either way), then ever smaller overlapping tiles, upright (faces from 26 px on) and turned
        (from 40); all of it once more in more light where the picture lacks it.

        Args:
            image: (H, W, 3) uint8 RGB.
            small: search the tiles too when larger faces were found (finds every face, costs time on large pictures).
        """
        return [face for face in self._search(image, small) if face.size >= MIN_FACE]

    def largest(self, image: np.ndarray, name: str = "image") -> Face:
        """The largest face. Raises UserError, which begins with `name`, when there is none or it is under 20 px."""
        found = self._search(image, False)
        if not found:
            raise no_face(name)
        if found[0].size < MIN_FACE:
            raise UserError(
                f"{name}: the face is too small ({found[0].size:.0f} px, at least {MIN_FACE} are needed); "
                f"use a larger picture"
            )
        return found[0]

    def find_in(self, image: np.ndarray, views: Sequence[np.ndarray], known: Sequence[Face] = ()) -> list[Face]:
        """Faces of at least 20 px that show in these views (see views.py) and are none of `known`; no search."""
        found = self._confirm(image, self.detector.detect(image, views), known)[len(known) :]
        return [face for face in found if face.size >= MIN_FACE]

    def follow(self, image: np.ndarray, face: Face, where: Region | None = None) -> Face | None:
        """The face of an earlier frame in this one: one mesh pass. None when it is not there.

        where: to look; None: where the face's landmarks lie.
        """
        landmarks, presence = self.landmarker.look(image, where or region(face.landmarks))
        return Face.of(landmarks, face.score, presence) if presence >= MIN_PRESENCE else None

    def _search(self, image: np.ndarray, small: bool) -> list[Face]:
        check_image(image)
        found = self._search_as_it_is(image, small)
        if not found and (bright := brightened(image)) is not image:
            found = self._search_as_it_is(bright, small)
        return sorted(found, key=lambda face: -face.size)

    def _search_as_it_is(self, image: np.ndarray, small: bool) -> list[Face]:
        found: list[Face] = []
        for is_fine, views in levels(image.shape[1], image.shape[0]):
            if not found or (small and is_fine):
                found = self._confirm(image, self.detector.detect(image, views), found)
        return found

    def _confirm(self, image: np.ndarray, detections: Sequence[Detection], found: Sequence[Face]) -> list[Face]:
        """`found` plus the detections which the mesh network confirms and which are not the same face again."""
        found = list(found)
        for detection in detections:
            if is_known(detection.box, found):
                continue
            detection = self._upright(image, detection)
            landmarks, presence = self.landmarker(image, detection)
            if presence < MIN_PRESENCE:
                continue
            face = Face.of(landmarks, detection.score, presence)
            if not is_known(face.box, found):
                found.append(face)
        return found

    def _upright(self, image: np.ndarray, detection: Detection) -> Detection:
        """The detection itself when it is sure, else the best that four turned views around it give.

        BlazeFace half-recognises faces on their side or upside down, the points in the wrong places; upright it is
        surer.
        """
        if detection.score >= SURE:
            return detection
        again = [
            d
            for d in self.detector.detect(image, local_views(detection.centre, detection.size))
            if np.abs(d.centre - detection.centre).max() < detection.size / 2
        ]
        return max([detection, *again], key=lambda d: d.score)


def no_face(name: str) -> UserError:
    """What is told of a picture without one."""
    return UserError(
        f"{name}: no face found; use a picture that shows a face, unhidden and at least {MIN_FACE} px high"
    )
