"""Converts a fixed network, from the package its card names, to `<name>.pdparams` with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from paddle_mfs.convert.deep_compression import CLASSES, read_compressed
from paddle_mfs.convert.dlib_file import read_dlib
from paddle_mfs.convert.graph import Graph, Node, named_parameters, parameters_in_order
from paddle_mfs.convert.networks import NETWORKS
from paddle_mfs.convert.packages import read_files
from paddle_mfs.convert.tfjs import read_tfjs
from paddle_mfs.convert.tflite import read_tflite
from paddle_mfs.convert.torch_file import read_torch
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import save_state, write_card

EPSILON = 1e-3  # of Inception's batch normalisation
Shapes = Mapping[str, Sequence[int]]


def _read_squeezenet(contents: list[bytes], origin: str, expected: Shapes) -> Graph:
    """SqueezeNet's file tells no shapes: they are those of the Layer, and of the classifier, which is left behind."""
    kernels = {name: shape for name, shape in expected.items() if len(shape) == 4}
    graph = read_compressed(contents[0], [*kernels.values(), (CLASSES, 512, 1, 1)], origin)
    return Graph(graph.nodes[:-1], list(graph.nodes[-2].outputs), graph.arrays, origin)


def _read_inception(contents: list[bytes], origin: str, expected: Shapes) -> Graph:
    """TorchScript of convolutions that a batch normalisation without a scale follows, layer by layer: weight, beta,
    mean, var. The order is that of the Layer; the operators between them are the Layer's own."""
    arrays = read_torch(origin, contents[0])
    nodes, last = [], "input"
    for name in [name.removesuffix(".weight") for name in arrays if name.endswith(".weight")]:
        try:
            scale = 1 / np.sqrt(arrays[f"{name}.var"].astype(np.float64) + EPSILON)
            shift = arrays[f"{name}.beta"] - arrays[f"{name}.mean"] * scale
        except KeyError:
            raise UserError(f"{origin}: another network; {name} has no statistics") from None
        arrays[f"{name}.scale"], arrays[f"{name}.shift"] = scale, shift
        nodes.append(Node("Conv", (last, f"{name}.weight"), (f"{name}.conv",)))
        nodes.append(Node("Mul", (f"{name}.conv", f"{name}.scale"), (f"{name}.scaled",)))
        nodes.append(Node("Add", (f"{name}.scaled", f"{name}.shift"), (last := name,)))
    return Graph(nodes, [last], arrays, origin)


# how the name of a network's first file ends -> what reads it
READERS: dict[str, Callable[[list[bytes], str, Shapes], Graph]] = {
    ".tflite": lambda contents, origin, expected: read_tflite(contents[0], origin),
    ".json": lambda contents, origin, expected: read_tfjs(contents[0], contents[1], origin),
    ".dat": lambda contents, origin, expected: read_dlib(contents[0], origin),
    ".net": _read_squeezenet,
    ".pt": _read_inception,
}


def fixed_state(name: str, source: str | Path, expected: Shapes) -> dict[str, np.ndarray]:
    """The parameters of a fixed network, float32, as its Layer names them -> {name: array}.

    Args:
        name: a key of networks.NETWORKS.
        source: the package of its card, its file, or a folder of such.
        expected: {name: shape} of the Layer.
    Raises UserError for a missing or damaged source, or one of another network.
    """
    contents, origin = read_files(source, name)
    network = NETWORKS[name]
    graph = READERS[PurePosixPath(network.files[0]).suffix](contents, origin, expected)
    return named_parameters(expected, parameters_in_order(graph, network.outputs), origin)


def convert_network(
    name: str, source: str | Path, out: str | Path, faces: np.ndarray | None = None, half: bool = True
) -> tuple[Path, dict[str, Any]]:
    """Convert a fixed network.

    Args:
        name: a key of networks.NETWORKS.
        source: the package of its card, its file, or a folder of such.
        out: folder to write `<name>.pdparams` and `<name>.json` to.
        faces: (N, 224, 224, 3) aligned faces on which float16 is compared with float32; the bundled ones without.
        half: store float16 where nothing is lost (convert/precision.py: LIMITS); False keeps float32.
    Returns: (path, card). Raises UserError for a missing or damaged source, or one of another network.
    """
    from paddle_mfs.convert.precision import half_cost
    from paddle_mfs.models import create_model

    network = NETWORKS[name]
    layer = create_model(name)
    state = fixed_state(name, source, {key: tuple(value.shape) for key, value in layer.state_dict().items()})
    nothing_lost, cost = half_cost(name, layer, state, faces)
    half = half and nothing_lost
    path = Path(out) / f"{name}.pdparams"
    save_state(path, state, half=half)
    card = {
        "name": name,
        "title": network.title,
        "origin": network.origin,
        "licence": network.licence,
        "licence_note": network.licence_note,
        "paper": network.paper,
        "input": network.input,
        "outputs": network.returns,
        "parameters": int(sum(value.size for value in state.values())),
        "stored_as": "float16" if half else "float32",
        "verified": {
            "float32_against_original_graph": {
                "largest_difference": network.parity,
                "measured": "once, against an interpreter of that graph on generated faces; not repeated at conversion",
            },
            **cost,
        },
    }
    write_card(path, card)
    return path, card
