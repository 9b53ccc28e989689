"""Rewrites of the mobile variant's upsampling together with the depthwise convolution that follows it.

The upsampling (half-pixel, `ops.resample.upsample2x`) and the convolution are linear and the same at every pixel, so
they are one convolution; two ways of writing it down.

Rows below are one dimension of it: a new pixel is 3/4 of the pixel it lies in and 1/4 of that pixel's nearer neighbour.
"""

import numpy as np

from paddle_mfs.graph.nodes import Node, chains, is_depthwise, substitute

# What the pixel before, the pixel itself and the one after (rows) give to the three taps of the kernel: for the first
# and for the second of the two new pixels that lie in it.
TAPS = np.array(
    [[[0.75, 0.25, 0], [0.25, 0.75, 0.75], [0, 0, 0.25]], [[0.25, 0, 0], [0.75, 0.75, 0.25], [0, 0.25, 0.75]]],
    np.float32,
)
# The taps (rows) of the transposed convolution, which spreads a pixel over six new ones, out of those of the kernel
SPREAD = np.array(
    [[0, 0, 0.25], [0, 0.25, 0.75], [0.25, 0.75, 0.75], [0.75, 0.75, 0.25], [0.75, 0.25, 0], [0.25, 0, 0]],
    np.float32,
)
CENTRE = np.array([[[[0, 0, 0], [0, 1, 0], [0, 0, 0]]]], np.float32)  # the kernel that copies


def depthwise(inputs: tuple[str, ...], output: str, weight: np.ndarray, bias: np.ndarray | None) -> Node:
    """A depthwise convolution 3x3, padding 1, of weight (channels * outputs a channel, 1, 3, 3)."""
    return Node(
        "conv", inputs, output, {"weight": weight, "bias": bias, "stride": 1, "padding": 1, "groups": len(weight)}
    )


def channels(nodes: list[Node], name: str) -> int:
    """How many channels the value `name` has."""
    made_by = {node.output: node for node in nodes}
    while "weight" not in made_by[name].settings:
        name = made_by[name].inputs[0]
    return len(made_by[name].settings["weight"])


def _upsamplings(nodes):
    """Half-pixel upsamplings with the depthwise convolution that reads them -> list of (nodes, kernel, bias, output).

    kernel (C, 1, 3, 3), bias (C,) or None. One that no such convolution follows comes with the kernel that copies.
    """
    found = [
        ([up, conv], conv.settings["weight"], conv.settings["bias"], conv.output)
        for up, conv in chains(nodes, "upsample", "conv")
        if up.settings["ring"] == 1 and is_depthwise(conv) and conv.settings["padding"] == 0
    ]
    bare = [
        node for node in nodes if node.kind == "upsample" and node.settings["half_pixel"] and node.settings["ring"] == 0
    ]
    return found + [([up], np.repeat(CENTRE, channels(nodes, up.inputs[0]), 0), None, up.output) for up in bare]


def fold_upsampling(nodes: list[Node]) -> list[Node]:
    """half-pixel x2, depthwise 3x3 -> depthwise 3x3 on the small map, pixel shuffle.

    The convolution runs on a quarter of the pixels and has four outputs a channel. A batch norm or LeakyReLU that
    follows goes before the shuffle, to the convolution.
    """
    for old, kernel, bias, output in _upsamplings(nodes):
        weight = np.einsum("pik,qjl,ckl->cpqij", TAPS, TAPS, kernel[:, 0]).reshape(-1, 1, 3, 3)
        conv = depthwise(old[0].inputs, f"{output}.low", weight, None if bias is None else np.repeat(bias, 4))
        conv.settings["groups"] = len(kernel)
        nodes = substitute(nodes, old, [conv, Node("shuffle", (conv.output,), output)])
    for kind in ("norm", "leaky_relu"):
        for shuffle, node in chains(nodes, "shuffle", kind):
            settings = {
                name: np.repeat(value, 4) if isinstance(value, np.ndarray) else value
                for name, value in node.settings.items()
            }
            low = Node(kind, shuffle.inputs, f"{node.output}.low", settings)
            nodes = substitute(nodes, [shuffle, node], [low, Node("shuffle", (low.output,), node.output)])
    return nodes


def upsampling_as_transposed(nodes: list[Node]) -> list[Node]:
    """half-pixel x2, depthwise 3x3 -> one depthwise transposed convolution 6x6, stride 2.

    The upsampled map is never written.
    """
    for old, kernel, bias, output in _upsamplings(nodes):
        weight = np.einsum("ik,jl,ckl->cij", SPREAD, SPREAD, kernel[:, 0])[:, None]
        settings = {"weight": weight, "bias": bias, "padding": 2}
        nodes = substitute(nodes, old, [Node("transposed", old[0].inputs, output, settings)])
    return nodes
