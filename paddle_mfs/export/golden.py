"""Golden vectors: what the Python package does to pictures and a clip, for the core in C++ to be held against.

A folder of raw little-endian arrays and one index.json: `cases` maps a case's name to its arrays, each
{file, dtype (uint8, int32, float32 or float64), shape}. What the networks gave is kept too, so that the rest can be
tested exactly without them.

Of a picture: picture (H, W, 3) RGB; of the search (`FaceAnalyser.faces`) every call of a network in its order:
detector_inputs (N, 128, 128, 3) uint8, regressors (N, 896, 16), logits (N, 896); mesh_inputs (M, 192, 192, 3) uint8,
meshes (M, 468, 3), presences (M,) logits. Of its faces, largest first: boxes, scores, landmarks, five, poses. Of the
largest one: matrix, crop; gain (3,) of its light, the crop as it is shown to the IDN, painted (3, S, S) by it, result
(3, S, S) in the crop's own light; change (3, S, S), damping, and the picture as `pasted`.

Of a yuv picture (BT.601 in full range; of "_video", BT.709 in video range): y, u, v, the RGB picture that they mean,
and y, u, v after the pasting of the same face: pasted_y, pasted_u, pasted_v.

Of the clip: frames (T, H, W, 3), times (T,) in seconds; calls of the networks as above; counts (T,) of tracked faces;
of these, frame by frame: ids, boxes, landmarks, smoothed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.face.detail import contradicted_detail
from paddle_mfs.face.image import read_image
from paddle_mfs.face.light import Light
from paddle_mfs.face.networks import bundled_network
from paddle_mfs.face.paste import paste
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.change import change_of
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import writing
from paddle_mfs.utils.resources import resource
from paddle_mfs.utils.tensor import to_batch, to_image
from paddle_mfs.video.frame import BT601, BT709, FULL_RANGE, LUMA, add_change, planes

INDEX = "index.json"
SOURCE = resource("samples/source.jpg")
FRAMES, CUT = 60, 40  # of the clip; its first frame of another scene
HIDDEN = range(22, 27)  # frames in which its first face is covered
CLIP_SIZE = 320, 180
VIDEO_RANGE = 1  # H.273's "limited", as FFmpeg numbers it


class Recorder:
    """A network that keeps what it was given and what it gave.

    Args:
        network: callable, (1, 3, S, S) float32 -> arrays. mean, std: of its input, see `utils.tensor.to_batch`.
    """

    def __init__(self, network: Callable, mean: float = 0.0, std: float = 1.0):
        self._network, self._mean, self._std = network, mean, std
        self.inputs: list[np.ndarray] = []
        self.outputs: list[Sequence[np.ndarray]] = []

    def __call__(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        outputs = [np.array(output, np.float32) for output in self._network(batch)]
        self.inputs.append(to_image(batch, self._mean, self._std))
        self.outputs.append(outputs)
        return outputs


class RecordedAnalyser(FaceAnalyser):
    """A FaceAnalyser whose networks' calls are kept, for one case."""

    def __init__(self, detector: Callable, mesh: Callable):
        self.calls = Recorder(detector, 0.5, 0.5), Recorder(mesh)
        super().__init__(*self.calls)

    def arrays(self) -> dict[str, np.ndarray]:
        """What the networks saw and gave, in the order of their calls."""
        detector, mesh = self.calls
        return {
            "detector_inputs": np.array(detector.inputs, np.uint8).reshape(-1, 128, 128, 3),
            "regressors": np.array([o[0].reshape(896, 16) for o in detector.outputs], np.float32).reshape(-1, 896, 16),
            "logits": np.array([o[1].ravel() for o in detector.outputs], np.float32).reshape(-1, 896),
            "mesh_inputs": np.array(mesh.inputs, np.uint8).reshape(-1, 192, 192, 3),
            "meshes": np.array([o[0].reshape(468, 3) for o in mesh.outputs], np.float32).reshape(-1, 468, 3),
            "presences": np.array([o[1].ravel()[0] for o in mesh.outputs], np.float32),
        }


def export_golden(folder: str | Path, source: str | Path | None = None) -> dict[str, int]:
    """Write the golden vectors of the bundled sample pictures, whole or not at all -> how many arrays each case has.

    Args:
        folder: made, or replaced when it holds golden vectors. source: picture of the identity that is put on;
            None: samples/source.jpg.
    Raises: UserError when the folder cannot be written or holds something else.
    """
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and ((folder / INDEX).is_file() or not any(folder.iterdir()))):
        raise UserError(f"{folder}: exists and holds no golden vectors; choose another folder")
    temporary = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        with writing(folder):
            temporary.mkdir(parents=True)
            index = {name: _write(temporary, name, arrays) for name, arrays in _cases(FaceSwapper(source or SOURCE))}
            (temporary / INDEX).write_text(json.dumps({"format": 1, "cases": index}, indent=1) + "\n")
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return {name: len(arrays) for name, arrays in index.items()}


def _write(folder: Path, case: str, arrays: dict[str, np.ndarray]) -> dict:
    entries = {}
    for name, array in arrays.items():
        file = f"{case}.{name}.bin"
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        (folder / file).write_bytes(little.tobytes())
        entries[name] = {"file": file, "dtype": array.dtype.name, "shape": list(array.shape)}
    return entries


def _cases(swapper: FaceSwapper) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    networks = bundled_network("blazeface"), bundled_network("facemesh")
    for name, picture in _pictures():
        analyser = RecordedAnalyser(*networks)
        faces = analyser.faces(picture, small=name == "two")
        arrays = {"picture": picture, **analyser.arrays(), **_found(faces)}
        if faces and name != "dark":  # its change is a few steps: not much to hold anything against
            arrays |= _swapped(swapper, picture, faces[0])
        yield name, arrays
        if faces and name in ("upright", "edge"):
            yield f"{name}_yuv", _yuv_case(arrays)
        if faces and name == "upright":
            yield f"{name}_video", _yuv_case(arrays, BT709, is_full=False)
    yield "clip", _clip_case(RecordedAnalyser(*networks))


def _pictures() -> Iterator[tuple[str, np.ndarray]]:
    """Pictures of every kind that is treated in its own way, small ones: name, (H, W, 3) uint8 RGB."""
    upright = read_image(resource("samples/target.jpg"))
    yield "upright", upright
    yield "large", read_image(resource("samples/large/800005.jpg"))
    yield "small", _at(upright, 0.22, 0, (150, 131))
    yield "turned", _at(upright, 0.9, -60, (420, 460))
    yield "upside_down", _at(upright, 0.7, 180, (360, 360))
    yield "edge", np.ascontiguousarray(upright[:, 215:])  # the face is cut through, an odd number of columns
    yield "grey", np.repeat(cv2.cvtColor(upright, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    yield "dim", np.rint(upright[60:400, 90:430] * (0.32, 0.34, 0.6)).astype(np.uint8)  # blue light, and little of it
    yield "dark", dark(upright)
    faces = [read_image(resource(f"samples/faces/{number}.jpg")) for number in (800505, 800510)]
    yield "two", np.hstack([cv2.resize(faces[0], (240, 240), interpolation=cv2.INTER_AREA), faces[1][40:280]])
    yield "nobody", np.full((120, 161, 3), 170, np.uint8)  # bright: what is dark is looked at again, brightened


def dark(picture: np.ndarray) -> np.ndarray:
    """A face in so little light, and that blue, that it is found in more light only: (144, 144, 3) uint8 RGB."""
    face = cv2.resize(picture[60:430, 80:450], (144, 144), interpolation=cv2.INTER_AREA)
    return np.rint(face * (0.03, 0.035, 0.05)).astype(np.uint8)


def _at(picture, scale, degrees, size):
    """The picture scaled and turned about its middle, `size` (width, height)."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    matrix[:, 2] += (np.array(size) - (width, height)) / 2
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)


def _found(faces: Sequence[Face]) -> dict[str, np.ndarray]:
    return {
        "boxes": np.array([face.box for face in faces], np.float64).reshape(-1, 4),
        "scores": np.array([face.score for face in faces], np.float64),
        "landmarks": np.array([face.landmarks for face in faces], np.float32).reshape(-1, 468, 3),
        "five": np.array([face.five for face in faces], np.float64).reshape(-1, 5, 2),
        "poses": np.array([face.pose for face in faces], np.float64).reshape(-1, 3),
    }


def _swapped(swapper: FaceSwapper, picture: np.ndarray, face: Face) -> dict[str, np.ndarray]:
    crop, matrix = align(picture, face.five, SIZE)
    light = Light.of(crop)
    shown = light.known(crop)
    painted = swapper.identity.run(to_batch(shown))[0][0]
    result = light.back(crop, shown, np.ascontiguousarray(painted.transpose(1, 2, 0)))
    change, damping = change_of(crop, result), contradicted_detail(crop, result)
    return {
        "matrix": matrix,
        "crop": crop,
        "gain": light.gain,
        "shown": shown,
        "painted": painted,
        "result": result.transpose(2, 0, 1),
        "change": change.transpose(2, 0, 1),
        "damping": damping,
        "pasted": paste(picture, change, matrix, crop, damping),
    }


def _yuv_case(arrays: dict[str, np.ndarray], matrix: int = BT601, is_full: bool = True) -> dict[str, np.ndarray]:
    """The same face pasted into a camera's frame, by what edits the frames of clips."""
    y, u, v = to_yuv(arrays["picture"], matrix, is_full)
    height, width = y.shape
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = matrix, FULL_RANGE if is_full else VIDEO_RANGE
    for plane, values in zip(planes(frame), (y, u, v)):
        plane[...] = values
    before = to_rgb(y, u, v, matrix, is_full)
    after = paste(before, arrays["change"].transpose(1, 2, 0), arrays["matrix"], arrays["crop"], arrays["damping"])
    add_change(frame, before, after, (0, 0))
    pasted = dict(zip(("pasted_y", "pasted_u", "pasted_v"), (plane.copy() for plane in planes(frame))))
    same = {name: arrays[name] for name in ("change", "matrix", "crop", "damping")}
    return {"y": y, "u": u, "v": v, "picture": before, **same, **pasted}


def _steps(is_full: bool) -> tuple[int, int, int]:
    """Y of black, steps from black to white, steps of U and V; full or video range."""
    return (0, 255, 255) if is_full else (16, 219, 224)


def to_yuv(picture: np.ndarray, matrix: int = BT601, is_full: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(H, W, 3) uint8 RGB -> Y (H, W), U and V (half, rounded up) uint8: 4:2:0, by default as cameras do.

    matrix: coefficients (H.273), one of `video.frame.LUMA`. is_full: range; else video's.
    """
    (weight_red, weight_blue), (black, luma_steps, chroma_steps) = LUMA[matrix], _steps(is_full)
    red, green, blue = np.moveaxis(picture.astype(np.float64), 2, 0)
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    chroma = [(blue - luma) / (2 * (1 - weight_blue)), (red - luma) / (2 * (1 - weight_red))]
    padding = [(0, length % 2) for length in luma.shape]
    small = [np.pad(plane, padding, "edge") for plane in chroma]
    small = [(p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4 * chroma_steps / 255 + 128 for p in small]
    y, u, v = (np.rint(plane).clip(0, 255).astype(np.uint8) for plane in (black + luma * (luma_steps / 255), *small))
    return y, u, v


def to_rgb(y: np.ndarray, u: np.ndarray, v: np.ndarray, matrix: int = BT601, is_full: bool = True) -> np.ndarray:
    """The inverse of `to_yuv`: a chroma sample holds for its 2 x 2 pixels."""
    (weight_red, weight_blue), (black, luma_steps, chroma_steps) = LUMA[matrix], _steps(is_full)
    height, width = y.shape
    luma = (y.astype(np.float64) - black) * 255 / luma_steps
    cb, cr = (
        (plane.repeat(2, 0).repeat(2, 1)[:height, :width].astype(np.float64) - 128) * 255 / chroma_steps
        for plane in (u, v)
    )
    red, blue = 2 * (1 - weight_red) * cr, 2 * (1 - weight_blue) * cb
    green = -(weight_red * red + weight_blue * blue) / (1 - weight_red - weight_blue)
    return np.rint(np.stack([luma + red, luma + green, luma + blue], 2)).clip(0, 255).astype(np.uint8)


def _clip_case(analyser: RecordedAnalyser) -> dict[str, np.ndarray]:
    frames, times = _clip()
    tracker = FaceTracker(analyser)
    tracked = [tracker.update(frame, float(time)) for frame, time in zip(frames, times)]
    ids = [one.id for faces in tracked for one in faces]
    found = _found([one.face for faces in tracked for one in faces])
    return {
        "frames": frames,
        "times": times,
        **analyser.arrays(),
        "counts": np.array([len(faces) for faces in tracked], np.int32),
        "ids": np.array(ids, np.int32),
        "boxes": found["boxes"],
        "landmarks": found["landmarks"],
    }


def _clip() -> tuple[np.ndarray, np.ndarray]:
    """Two faces that move, grow and turn, one of them hidden for a while; then a cut to a third. -> frames, times."""
    first, second, third = (
        read_image(resource(f"samples/faces/{number}.jpg"))[20:300, 20:300] for number in (800505, 800510, 800523)
    )
    together, alone = np.hstack([first, second]), np.hstack([third, third[:, ::-1]])[:, :400]
    frames = []
    for number in range(FRAMES):
        scene = together if number < CUT else alone
        part = number if number < CUT else number - CUT
        if number in HIDDEN:
            scene = scene.copy()
            scene[70:240, 70:215] = (150, 120, 100)
        middle = (np.array(scene.shape[1::-1]) - 1) / 2
        zoom = 0.52 + 0.0025 * part
        matrix = cv2.getRotationMatrix2D(tuple(middle), 8 * np.sin(part / 9), zoom)
        matrix[:, 2] += (np.array(CLIP_SIZE) - 1) / 2 - middle + (14 * np.sin(part / 6), 8 * np.cos(part / 5))
        frames.append(cv2.warpAffine(scene, matrix, CLIP_SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    times = np.arange(FRAMES) / 30.0
    times[10:] += 0.02  # a late frame
    times[15] = times[14]  # and one whose time stamp stands still
    return np.stack(frames), times
