"""Numbers that a network in an .onnx file reads off a face: angles as Hopenet's, coefficients as 3DDFA's.

What such networks are shown and what their outputs mean is told by settings, see configs/evaluate/heldout.yml. A face
is measured from brows to chin, as the 68 points are spread that these networks are trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from paddle_mfs.face.geometry import warp
from paddle_mfs.face.regions import LEFT_BROW, RIGHT_BROW
from paddle_mfs.runtime.onnx_file import in_short, open_onnx
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.tensor import to_batch

CUTS, COLOURS, READS = ("box", "picture"), ("rgb", "bgr"), ("bins", "values")
ANGLES = 3  # yaw, pitch, roll
BIN = 3.0  # degrees, the width of Hopenet's bins, https://arxiv.org/abs/1710.00925


@dataclass(frozen=True)
class EstimatorSettings:
    """Of one network, a config's `pose:` or `expression:`, where each is explained."""

    onnx: str
    cut: str = "box"
    side: float = 1.57
    up: float = 0.12
    size: int | None = None
    colours: str = "rgb"
    mean: Sequence[float] = (0.485, 0.456, 0.406)
    std: Sequence[float] = (0.229, 0.224, 0.225)
    outputs: Sequence[str] = ()
    read: str = "bins"
    values: Sequence[int] = ()


class Estimator:
    """Callable: a picture and where its face is -> numbers. `facts` says by which network; they are in every report.

    Args:
        section: of the config that the settings are of; errors begin with it.
        threads: to compute with; None: one a core.

    Raises UserError when onnxruntime is not installed, for a file that does not load or whose input is not one square
    picture, and for outputs that cannot be read as the settings say.
    """

    def __init__(self, section: str, settings: EstimatorSettings, threads: int | None = None):
        self.section, self.settings = section, settings
        self._session = open_onnx(settings.onnx, f"{section}.onnx", threads=threads)
        self._input, self.size = self._picture()
        self._outputs = self._named()
        self._check()
        self.facts: dict[str, Any] = {
            **{key: list(value) if isinstance(value, tuple) else value for key, value in asdict(settings).items()},
            "onnx": Path(settings.onnx).name,
            "sha256": sha256(settings.onnx),
            "size": self.size,
            "outputs": self._outputs,
        }

    def __call__(self, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """(K,) float64: yaw, pitch and roll in degrees of `bins`, else as the network gives them.

        Args:
            picture: (H, W, 3) uint8 RGB. landmarks: (468, 2) of the face, in its pixels.
        """
        arrays = self._run(self.shown(picture, landmarks))
        if self.settings.read == "bins":
            return np.array([_degrees(logits) for logits in arrays])
        first, end = self.settings.values or (0, None)
        return arrays[0][first:end].astype(np.float64)

    def shown(self, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """What of a picture the network is shown, (S, S, 3) uint8 RGB; black beyond its edges. Arguments as above."""
        side = (self.size, self.size)
        if self.settings.cut == "picture":
            return cv2.resize(picture, side, interpolation=cv2.INTER_LINEAR)
        return warp(picture, box_matrix(landmarks, self.settings.side, self.settings.up, self.size), side)

    def _picture(self):
        """Name of the input and side of the picture it takes."""
        path, wanted = self.settings.onnx, self.settings.size
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape)
        sides = {side for side in shape[2:] if isinstance(side, int)}
        if len(inputs) != 1 or len(shape) != 4 or shape[1] not in (3, None) or len(sides) > 1:
            told = ", ".join(f"{one.name} {list(one.shape)}" for one in inputs)
            raise UserError(
                f"{self.section}.onnx: {path}: takes {told}; give a network that takes one picture (1, 3, S, S)"
            )
        size = sides.pop() if sides else wanted
        if size is None:
            raise UserError(f"{self.section}.size: {path} takes pictures of any size; say which, in pixels")
        if wanted not in (None, size):
            raise UserError(f"{self.section}.size: {path} takes pictures of {size} px, not {wanted}; leave it null")
        return inputs[0].name, size

    def _named(self):
        """The outputs that are read."""
        known = [one.name for one in self._session.get_outputs()]
        for name in self.settings.outputs:
            if name not in known:
                raise UserError(
                    f"{self.section}.outputs: {self.settings.onnx} has no output {name}; it has {', '.join(known)}"
                )
        return list(self.settings.outputs) or (known if self.settings.read == "bins" else known[:1])

    def _run(self, image):
        """The outputs that are read, each as a row, of an image (S, S, 3) uint8 RGB."""
        image = image[..., ::-1] if self.settings.colours == "bgr" else image
        batch = to_batch(image, self.settings.mean, self.settings.std)
        return [np.asarray(one).reshape(-1) for one in self._session.run(self._outputs, {self._input: batch})]

    def _check(self):
        """A grey picture shows whether the network runs, and what its outputs are like."""
        section, path = self.section, self.settings.onnx
        try:
            arrays = self._run(np.full((self.size, self.size, 3), 128, np.uint8))
        except Exception as error:  # onnxruntime's own exceptions have no common base
            raise UserError(
                f"{section}.onnx: {path}: fails on a picture of {self.size} x {self.size} ({in_short(error)}); "
                f"give a network for float32 pictures of that size, or another {section}.size"
            ) from None
        told = ", ".join(f"{name} ({len(values)})" for name, values in zip(self._outputs, arrays))
        if self.settings.read == "bins":
            if len(arrays) != ANGLES or len({len(values) for values in arrays}) != 1 or len(arrays[0]) < 2:
                raise UserError(
                    f"{section}.read: bins are of three outputs of one width, {path} gives {told}; name three in "
                    f"{section}.outputs, or set {section}.read=values"
                )
        elif len(arrays) != 1 or not len(arrays[0]):
            raise UserError(f"{section}.outputs: values are of one output, not {told}; name one")
        elif self.settings.values and self.settings.values[1] > len(arrays[0]):
            raise UserError(
                f"{section}.values: {list(self.settings.values)} does not lie in what {path} gives, {told}; choose "
                f"from 0 to {len(arrays[0])}"
            )


def box_matrix(landmarks: np.ndarray, side: float, up: float, size: int) -> np.ndarray:
    """(2, 3), picture -> an upright square of `size` pixels around a face.

    Args:
        landmarks: (468, 2) in the picture's pixels.
        side: of the square, in units of the longer side of the face from brows to chin.
        up: how far the square's centre lies above the face's, in these units.
    """
    low, high = landmarks.min(0), landmarks.max(0)
    low = np.array([low[0], landmarks[LEFT_BROW + RIGHT_BROW, 1].min()])
    unit = (high - low).max()
    scale = size / (side * unit)
    x, y = (low + high) / 2 - [0, up * unit]
    return np.array([[scale, 0, (size - 1) / 2 - scale * x], [0, scale, (size - 1) / 2 - scale * y]])


def _degrees(logits):
    """The expected angle of bins of 3 degrees around 0: of 66, as Hopenet's, number n begins at 3 n - 99."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return BIN * (weights @ np.arange(len(weights)) / weights.sum() - len(weights) / 2)
