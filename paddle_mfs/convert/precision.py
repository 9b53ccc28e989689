"""What float16 weights cost a network, measured on aligned faces."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
import paddle.nn as nn
from PIL import Image

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import weights_dir

CROP = 224
# what is measured -> the largest loss that still counts as nothing
LIMITS = {
    "mobilefacenet": {"one_minus_cosine": 1e-5},
    "dlib_resnet": {"descriptor_distance": 1e-3},
    "facemesh": {"landmarks_px": 0.05, "presence_logit": 0.05},
    "blazeface": {"box_px": 0.05, "score": 1e-3},
    "age": {"years": 0.1},
    "squeezenet": {"feature_relative": 2e-3},
    "inception": {"feature_relative": 0.0},  # published FIDs are of float32
}


def read_faces(path: str | Path | None = None) -> np.ndarray:
    """A row of aligned square faces in one picture -> (N, 224, 224, 3) uint8 RGB; without a path the bundled four."""
    path = Path(path or weights_dir() / "check_faces.png")
    try:
        with Image.open(path) as picture:
            strip = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: not a readable picture ({type(error).__name__}); give aligned faces side by side in one picture"
        ) from None
    height, width = strip.shape[:2]
    if height < 64 or width % height:
        raise UserError(f"{path}: {width} x {height} is not a row of square faces of 64 px or more")
    return np.stack([cv2.resize(strip[:, x : x + height], (CROP, CROP)) for x in range(0, width, height)])


def network_input(name: str, faces: np.ndarray) -> np.ndarray:
    """Faces (N, 224, 224, 3) uint8 RGB, aligned to the ArcFace template -> the input tensor of the named network."""
    x = faces.astype(np.float32)
    margin, size, low, high = {
        "mobilefacenet": (0, 112, -1, 1),
        "dlib_resnet": (0, 150, 0, 255),
        "age": (0, 224, 0, 255),
        "facemesh": (28, 192, 0, 1),
        "blazeface": (112, 128, -1, 1),
        "squeezenet": (0, 128, 0, 1),
        "inception": (0, 299, 0, 1),
    }[name]
    x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
    x = np.stack([cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA) for face in x])
    return to_batch(x) * (high - low) + low


def run(layer: nn.Layer, x: np.ndarray) -> list[np.ndarray]:
    """Outputs of a network as a list of arrays."""
    layer.eval()
    with paddle.no_grad():
        outputs = layer(paddle.to_tensor(x))
    return [o.numpy() for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def losses(name: str, full: list[np.ndarray], half: list[np.ndarray]) -> dict[str, float]:
    """Compare outputs with float32 and with float16 weights -> {measure: largest loss over the faces}."""
    a, b = full[0], half[0]
    if name == "mobilefacenet":
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        values = {"one_minus_cosine": (1 - cosine).max()}
    elif name == "dlib_resnet":
        values = {"descriptor_distance": np.linalg.norm(a - b, axis=1).max()}
    elif name == "facemesh":
        values = {"landmarks_px": np.abs(a - b).max(), "presence_logit": np.abs(full[1] - half[1]).max()}
    elif name == "blazeface":
        score = [1 / (1 + np.exp(-logits)) for logits in (full[1], half[1])]
        values = {"box_px": np.abs(a - b)[score[0] > 0.5].max(initial=0), "score": np.abs(score[0] - score[1]).max()}
    elif name == "age":
        values = {"years": np.abs(a - b).max()}
    else:
        values = {"feature_relative": max(np.abs(f - h).max() / np.abs(f).max() for f, h in zip(full, half))}
    return {key: float(f"{max(float(value), 0):.3g}") for key, value in values.items()}


def swap_half_cost(state: dict[str, np.ndarray], faces: np.ndarray) -> tuple[bool, dict[str, Any]]:
    """What float16 costs a swap network: each face put on the next with float32 and with float16 weights.

    Returns: (0.01 of a pixel's range or less is lost, facts for the card).
    """
    from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
    from paddle_mfs.models.mfs import net_for

    embedding, feature = FaceEmbedder(load_encoder()).embed(faces)
    targets = paddle.to_tensor(to_batch(np.roll(faces, 1, 0)))
    results = []
    for values in (state, {key: value.astype(np.float16).astype(np.float32) for key, value in state.items()}):
        net = net_for(values)
        with paddle.no_grad():
            results.append(net(targets, embedding, feature).result.numpy())
    difference = np.abs(results[0] - results[1])
    return difference.max() <= 0.01, {
        "float16_against_float32": {
            "largest_difference_in_a_pixel_of_0_to_1": float(f"{difference.max():.2g}"),
            "mean_difference": float(f"{difference.mean():.2g}"),
        },
        "faces": len(faces),
    }


def half_cost(
    name: str, layer: nn.Layer, state: dict[str, np.ndarray], faces: np.ndarray | None
) -> tuple[bool, dict[str, Any]]:
    """What storing `state` as float16 costs.

    Returns: (nothing is lost, facts for the card). A lossless state (its numbers are float16 already) is not run.
    """
    rounded = {key: value.astype(np.float16).astype(np.float32) for key, value in state.items()}
    if all(np.array_equal(rounded[key], value) for key, value in state.items()):
        return True, {"float16": "exact: every weight is a float16 number already"}
    faces = read_faces() if faces is None else faces
    x = network_input(name, faces)
    layer.set_state_dict(state)
    full = run(layer, x)
    layer.set_state_dict(rounded)
    measured, limits = losses(name, full, run(layer, x)), LIMITS[name]
    return (
        all(measured[key] <= limit for key, limit in limits.items()),
        {"float16_against_float32": measured, "limits": limits, "faces": len(faces)},
    )
