"""Any face swapper in an ONNX file as a teacher, run by onnxruntime; the config says what its inputs mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from paddle_mfs.runtime.onnx_file import open_onnx
from paddle_mfs.teachers.network import NetworkTeacher, placed, resized
from paddle_mfs.utils.errors import UserError, nearest
from paddle_mfs.utils.tensor import to_batch, to_image

COLOURS = ("rgb", "bgr")


@dataclass
class OnnxOptions:
    """The config's teacher.onnx: names of inputs and what goes into them. docs/teachers.md has it for a user."""

    target: str | None = None  # input for the target's crop (1, 3, size, size)
    source: str | None = None  # input for the source's crop, of the same kind
    embedding: str | None = None  # input for the source's embedding (1, width), of unit length
    output: str | None = None  # the swapped picture (1, 3, size, size); the file's first output without
    size: int = 0  # side of the pictures; 0: as the file says
    box: Sequence[float] | None = None  # left, top, right, bottom of the crop in the picture; without, all of it
    colours: str = "rgb"  # or bgr, of pictures in and out
    mean: float | Sequence[float] = 0.0  # pictures go in as (pixel / 255 - mean) / std; a number or three
    std: float | Sequence[float] = 1.0
    output_mean: float | Sequence[float] = 0.0  # and come out so
    output_std: float | Sequence[float] = 1.0
    encoder_mean: float | Sequence[float] = 0.5  # of the encoder's picture, RGB
    encoder_std: float | Sequence[float] = 0.5
    projection: str | None = None  # .npy file (width, width): multiplies the embedding, which is made unit length again

    @classmethod
    def read(cls, section: Mapping[str, Any]) -> OnnxOptions:
        """From a dict. Raises UserError for an unknown key or a value of another kind, naming it."""
        known = [field.name for field in fields(cls)]
        for key in section:
            if key not in known:
                raise UserError(f"teacher.onnx: unknown key {key}; {nearest(key, known)}")
        options = cls(**section)
        for key in ("target", "source", "embedding", "output", "projection"):
            if not isinstance(getattr(options, key), (str, type(None))):
                raise UserError(f"teacher.onnx.{key}: must be a name, not {getattr(options, key)!r}")
        if options.colours not in COLOURS:
            raise UserError(f"teacher.onnx.colours: must be {' or '.join(COLOURS)}, not {options.colours!r}")
        for key in ("mean", "std", "output_mean", "output_std", "encoder_mean", "encoder_std"):
            if not _numbers(getattr(options, key), (0, 1), (3,)):
                raise UserError(f"teacher.onnx.{key}: must be a number or three, not {getattr(options, key)!r}")
        if not isinstance(options.size, int) or options.size < 0:
            raise UserError(f"teacher.onnx.size: must be a number of pixels, not {options.size!r}")
        if options.box is not None and not _numbers(options.box, (1,), (4,)):
            raise UserError(f"teacher.onnx.box: must be left, top, right, bottom in pixels, not {options.box!r}")
        return options


def _numbers(value, dimensions, lengths):
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return False
    return array.ndim in dimensions and (array.ndim == 0 or len(array) in lengths)


class OnnxTeacher(NetworkTeacher):
    """A swapper as (target, and the source as a picture, an embedding or both) -> picture.

    Args:
        weights: the swapper's .onnx file.
        onnx: dict of OnnxOptions.
        encoder: .onnx file of the recogniser that makes the embedding, (1, 3, S, S) -> (1, width); or None.
    Raises: UserError when onnxruntime is not installed, a file cannot be loaded, or inputs and options do not agree.
    """

    name = "onnx"
    options = ("weights", "encoder", "onnx")
    required = ("weights", "onnx")

    def __init__(self, weights: str, onnx: Mapping[str, Any], encoder: str | None = None):
        super().__init__()
        self.settings = OnnxOptions.read(onnx)
        self.swapper = open_onnx(weights, "teacher.weights", gpu=True)
        self._check_inputs(weights)
        self.size = self._side(weights)
        if self.settings.box:
            left, top, right, bottom = (int(edge) for edge in self.settings.box)
            self.box = left, top, right, bottom
        if self.box and not (
            0 <= self.box[0] < self.box[2] <= self.size
            and 0 <= self.box[1] < self.box[3] <= self.size
            and self.box[2] - self.box[0] == self.box[3] - self.box[1]
        ):
            raise UserError(f"teacher.onnx.box: {list(self.box)} is no square within {self.size} x {self.size} pixels")
        if bool(self.settings.embedding) != bool(encoder):
            raise UserError(
                "teacher.encoder: the embedding that teacher.onnx.embedding names comes from a recogniser's .onnx "
                "file; give both or neither"
            )
        self.encoder = open_onnx(encoder, "teacher.encoder", gpu=True) if encoder else None
        self.projection = self._read_projection()
        said = self.swapper.get_modelmeta().custom_metadata_map
        self.licence = (
            said.get("licence") or said.get("license") or f"{weights} states none: ask its publisher before any use"
        )

    @property
    def may_fork(self) -> bool:
        return False  # onnxruntime hangs in a forked process whose parent has used it

    def _check_inputs(self, weights):
        names = [item.name for item in self.swapper.get_inputs()]
        given = [name for name in (self.settings.target, self.settings.source, self.settings.embedding) if name]
        if (
            not self.settings.target
            or not (self.settings.source or self.settings.embedding)
            or sorted(given) != sorted(names)
        ):
            raise UserError(
                f"teacher.onnx: {weights} has the inputs {', '.join(names)}; name them all with target, and with "
                f"source or embedding or both (now: {', '.join(given) or 'none'})"
            )
        outputs = [item.name for item in self.swapper.get_outputs()]
        if self.settings.output not in (None, *outputs):
            raise UserError(
                f"teacher.onnx.output: {weights} has the outputs {', '.join(outputs)}, not {self.settings.output}"
            )

    def _side(self, weights):
        shapes = {item.name: item.shape for item in self.swapper.get_inputs()}
        shape = shapes[self.settings.target]
        side = shape[-1] if len(shape) == 4 and isinstance(shape[-1], int) else self.settings.size
        if len(shape) != 4 or shape[1] != 3:
            raise UserError(
                f"teacher.onnx.target: input {self.settings.target} of {weights} has the shape {shape}, "
                "pictures are (1, 3, size, size)"
            )
        if not side or self.settings.size not in (0, side):
            raise UserError(
                f"teacher.onnx.size: {self.settings.size} does not fit {weights}, whose pictures have the shape "
                f"{shape}; give the side in pixels"
            )
        return side

    def _read_projection(self):
        path = self.settings.projection
        if path is None:
            return None
        try:
            return np.load(path, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError) as error:
            raise UserError(
                f"teacher.onnx.projection: {path}: not a readable .npy file ({type(error).__name__}); "
                "save a matrix with numpy.save"
            ) from None

    def _picture(self, image):
        image = image[..., ::-1] if self.settings.colours == "bgr" else image
        return to_batch(image, self.settings.mean, self.settings.std)

    def identify(self, source: np.ndarray) -> dict[Any, np.ndarray]:
        inputs: dict[Any, np.ndarray] = {}
        if self.settings.source:
            inputs[self.settings.source] = self._picture(placed(source, self.size, self.box))
        if self.encoder:
            item = self.encoder.get_inputs()[0]
            side = item.shape[-1] if isinstance(item.shape[-1], int) else 112
            picture = to_batch(resized(source, side), self.settings.encoder_mean, self.settings.encoder_std)
            embedding = self.encoder.run(None, {item.name: picture})[0].reshape(1, -1)
            embedding = embedding / np.linalg.norm(embedding)
            if self.projection is not None:
                embedding = embedding @ self.projection
                embedding = embedding / np.linalg.norm(embedding)
            inputs[self.settings.embedding] = embedding.astype(np.float32)
        return inputs

    def paint(self, identity: dict[Any, np.ndarray], picture: np.ndarray) -> np.ndarray:
        wanted = [self.settings.output or self.swapper.get_outputs()[0].name]
        inputs = identity | {self.settings.target: self._picture(picture)}
        (values,) = self.swapper.run(wanted, inputs)
        image = to_image(values, self.settings.output_mean, self.settings.output_std)
        return np.ascontiguousarray(image[..., ::-1]) if self.settings.colours == "bgr" else image
