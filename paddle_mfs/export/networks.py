"""The networks of a bundle that are the same for every identity: each as a .nb, run here and compared with dygraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import paddle
from paddle.utils.unique_name import guard as fresh_names  # names in a file depend on nothing that was made before

from paddle_mfs.export.census import census
from paddle_mfs.export.check import TOLERANCE, agree
from paddle_mfs.export.injection import PhoneEncoder, PhoneIIN
from paddle_mfs.export.layout import Part
from paddle_mfs.face.align import align
from paddle_mfs.face.detect import MEAN, STD
from paddle_mfs.face.geometry import warp
from paddle_mfs.face.views import whole_view
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import load_encoder
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.runtime.fusible import save_fusible
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.utils.tensor import to_batch

if TYPE_CHECKING:
    import paddle.nn as nn

# How a .nb keeps the weights of the two largest, and how far they may then be from dygraph. In 8 bits, one scale a
# channel, the IIN's move the weights that are predicted from them by a thousandth of their length (docs/export.md); the
# encoder's would move the embedding by 2 %.
ENCODER_WEIGHTS, ENCODER_TOLERANCE = "int16", 1e-3
IIN_WEIGHTS, IIN_TOLERANCE = "int8", 1e-2


@dataclass(frozen=True)
class PhoneNetwork:
    """A network and what it is tried on.

    Attributes:
        name: of the file, without ".nb".
        layer: takes `inputs` in their order and returns one tensor or several, called `outputs`.
        inputs: name -> (1, ...) float32, what it is run on here.
        normalised: of a picture's pixels in [0, 1], {"mean", "std"}; None: no picture goes in.
        weights: see `runtime.lite.optimise`. tolerance: see `check.agree`.
    """

    name: str
    layer: nn.Layer
    inputs: Mapping[str, np.ndarray]
    outputs: Sequence[str]
    normalised: Mapping[str, float] | None = None
    weights: str = "float32"
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Built:
    """What became of a network: the bytes of its .nb, its x86 build as it runs here, its entry in deploy.json."""

    model: bytes
    run: LiteRunner
    entry: dict[str, Any]


@fresh_names()
def blazeface(image: np.ndarray) -> PhoneNetwork:
    """The detector, tried on the whole of a picture (H, W, 3) uint8 RGB."""
    layer = create_model("blazeface", weights="bundled")
    view = whole_view(image.shape[1], image.shape[0])
    seen = warp(image, view, (layer.input_size, layer.input_size), cv2.INTER_LINEAR)
    inputs = {"image": to_batch(seen, MEAN, STD)}
    return PhoneNetwork("blazeface", layer, inputs, ("regressors", "logits"), {"mean": MEAN, "std": STD})


@fresh_names()
def facemesh(image: np.ndarray, five: np.ndarray) -> PhoneNetwork:
    """The mesh network, tried on the face with these five points."""
    layer = create_model("facemesh", weights="bundled")
    inputs = {"image": to_batch(align(image, five, layer.input_size)[0])}
    return PhoneNetwork("facemesh", layer, inputs, ("landmarks", "presence"), {"mean": 0.0, "std": 1.0})


@fresh_names()
def encoder(path: str | Path | None, image: np.ndarray, five: np.ndarray) -> PhoneNetwork:
    """The identity encoder of a weights file (None: the bundled one), its normalisations inside, tried on the face."""
    layer = load_encoder(path)
    inputs = {"image": to_batch(align(image, five, layer.input_size)[0])}
    outputs = ("embedding", "feature")
    normalised = {"mean": 0.0, "std": 1.0}
    return PhoneNetwork("encoder", PhoneEncoder(layer), inputs, outputs, normalised, ENCODER_WEIGHTS, ENCODER_TOLERANCE)


@fresh_names()
def iin(path: str | Path | None, parts: Sequence[Part], embedding: np.ndarray, feature: np.ndarray) -> PhoneNetwork:
    """The IIN of a weights file (None: the bundled one) for a template with these parts, tried on what the encoder sees
    in a face: embedding (1, E), feature (1, F, 7, 7)."""
    net = load_mfs(path)
    inputs = {"embedding": embedding, "feature": feature}
    return PhoneNetwork("iin", PhoneIIN(net, parts), inputs, ("weights",), None, IIN_WEIGHTS, IIN_TOLERANCE)


@fresh_names()
def save(network: PhoneNetwork, folder: str | Path) -> Path:
    """Write the program of a network that opt reads -> path of the .pdmodel in `folder`."""
    shapes = {name: value.shape for name, value in network.inputs.items()}
    return save_fusible(network.layer, shapes, folder, network.name)


def build(network: PhoneNetwork, folder: str | Path, places: str) -> Built:
    """Make a network's .nb for opt's `places`, and an x86 build of the same program, which is run and compared.

    Raises: UserError when it differs from dygraph by more than its tolerance.
    """
    network.layer.eval()
    with paddle.no_grad(), plain_operators():
        made = network.layer(*(paddle.to_tensor(value) for value in network.inputs.values()))
    expected = [value.numpy() for value in (made if isinstance(made, (tuple, list)) else [made])]
    shapes = {name: value.shape for name, value in network.inputs.items()}
    program = save(network, folder)
    path = Path(folder) / f"{network.name}.nb"
    optimise(program, "x86", path, weights=network.weights)
    run = LiteRunner(path)
    difference = agree(path.name, expected, run(*network.inputs.values()), network.tolerance)
    if places != "x86":
        optimise(program, places, path, weights=network.weights)
    entry = {
        "file": path.name,
        "inputs": [
            {"name": name, "shape": list(shape), **(network.normalised or {})} for name, shape in shapes.items()
        ],
        "outputs": [
            {"name": name, "shape": list(value.shape)} for name, value in zip(network.outputs, expected, strict=True)
        ],
        "valid_places": places,
        "weights": network.weights,
        "run_by": "Paddle-Lite x86",
        "difference_from_dygraph": float(f"{difference:.2e}"),
        "census": census(path),
    }
    return Built(path.read_bytes(), run, entry)
