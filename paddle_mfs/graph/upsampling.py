"""Rewrites of the mobile variant's upsampling together with the depthwise convolution that follows it.

The upsampling (half-pixel, `ops.resample.upsample2x`) and the convolution are linear and the same at every pixel, so
they are one convolution; two ways of writing it down.

Rows below are one dimension of it: a new pixel is 3/4 of the pixel it lies in and 1/4 of that pixel's nearer neighbour.
"""

import numpy as np

from paddle_mfs.graph.nodes import Node, chains, is_depthwise, is_pointwise, substitute

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
# The four new pixels of a pixel, as four channels or as four maps one below the other: no value moves between the two
BELOW, APART = (0.25, 4, 1), (4, 0.25, 1)
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


def _reshape(value, output, factors):
    return Node("reshape", (value,), output, {"factors": factors})


def pointwise_before_shuffle(nodes: list[Node]) -> list[Node]:
    """pixel shuffle, narrowing 1x1 convolution, LeakyReLU -> the same before the shuffle, of fewer channels.

    The 1x1 convolution runs on a map of four times the height, in which the four new pixels of a pixel lie one below
    the other.
    """
    for shuffle, conv, relu in chains(nodes, "shuffle", "conv", "leaky_relu"):
        if is_pointwise(conv) and len(conv.settings["weight"]) <= conv.settings["weight"].shape[1]:
            name, below = relu.output, f"{conv.output}.below"
            before = [
                _reshape(shuffle.inputs[0], below, BELOW),
                conv.changed(inputs=(below,)),
                relu.changed(output=f"{name}.low"),
                _reshape(f"{name}.low", f"{name}.apart", APART),
            ]
            nodes = substitute(
                nodes, [shuffle, conv, relu], [*before, shuffle.changed(inputs=(before[-1].output,), output=name)]
            )
    return nodes


def convolution_before_shuffle(nodes: list[Node]) -> list[Node]:
    """pixel shuffle, convolution 3x3 with one output (and sigmoid) -> the same at low resolution, with four outputs.

    Kernels compute four outputs in the time of one, so that a quarter of the pixels is left of it. A tap that falls
    on a neighbouring new pixel is a tap on another of the four channels, of this pixel or the next.
    """
    for shuffle, conv in chains(nodes, "shuffle", "conv"):
        weight = conv.settings["weight"]
        outputs, inputs, *size = weight.shape
        if outputs > 1 or size != [3, 3] or conv.settings["padding"] != 1 or conv.settings["groups"] != 1:
            continue
        low = np.zeros((2, 2, inputs, 2, 2, 3, 3), np.float32)
        for p, q, row, column in np.ndindex(2, 2, 3, 3):
            (down, above), (right, beside) = divmod(p + row - 1, 2), divmod(q + column - 1, 2)
            low[p, q, :, above, beside, down + 1, right + 1] = weight[0, :, row, column]
        bias = conv.settings["bias"]
        new = conv.changed(
            shuffle.inputs,
            f"{conv.output}.low",
            weight=low.reshape(4, 4 * inputs, 3, 3),
            bias=None if bias is None else np.repeat(bias, 4),
        )
        sigmoid = next((chain[1] for chain in chains(nodes, "conv", "sigmoid") if chain[0] is conv), None)
        after = [new] if sigmoid is None else [new, sigmoid.changed((new.output,), f"{sigmoid.output}.low")]
        last = shuffle.changed((after[-1].output,), (sigmoid or conv).output)
        nodes = substitute(nodes, [shuffle, conv, *([sigmoid] if sigmoid else [])], [*after, last])
    return nodes


def outputs_as_copies(nodes: list[Node]) -> list[Node]:
    """Convolution of single channels with four outputs each -> four copies of each channel, depthwise convolution.

    Paddle-Lite has fast ARM kernels only for as many outputs as channels; anything else becomes a matrix product over
    im2col. The weights keep their order. Marked `in_float`: to round four copies to 8 bits costs more than it saves.
    """
    for node in [node for node in nodes if node.kind == "conv"]:
        if node.settings["groups"] > 1 and len(node.settings["weight"]) == 4 * node.settings["groups"]:
            copies, apart = f"{node.output}.copies", f"{node.output}.apart"
            nodes = substitute(
                nodes,
                [node],
                [
                    Node("concat", node.inputs * 4, copies, {"axis": 2}),
                    _reshape(copies, apart, APART),
                    node.changed(inputs=(apart,), groups=len(node.settings["weight"]), in_float=True),
                ],
            )
    return nodes


def shuffle_as_transposes(nodes: list[Node]) -> list[Node]:
    """Pixel shuffle -> two transposes of each map, between reshapes that move nothing.

    A pixel shuffle is no basic operator of Paddle-Lite, and has no half-precision kernel on ARM. Of one channel it
    takes (p, q, h, w), pixel (h, w) of the four maps (p, q), to (h, p, w, q). Transposed with (q, h) as one dimension
    that is (p, w, q, h); transposed again, with (p, w, q) as one, (h, p, w, q).
    """
    for node in [node for node in nodes if node.kind == "shuffle"]:
        name = node.output
        nodes = substitute(
            nodes,
            [node],
            [
                _reshape(node.inputs[0], f"{name}.pairs", (0.5, 2, 1)),
                Node("transpose", (f"{name}.pairs",), f"{name}.turned"),
                _reshape(f"{name}.turned", f"{name}.fours", (0.5, 4, 0.5)),
                Node("transpose", (f"{name}.fours",), f"{name}.back"),
                _reshape(f"{name}.back", name, (1, 2, 0.5)),
            ],
        )
    return nodes


def join_reshapes(nodes: list[Node]) -> list[Node]:
    """Two reshapes, one after the other -> one."""
    for first, second in chains(nodes, "reshape", "reshape"):
        factors = tuple(a * b for a, b in zip(first.settings["factors"], second.settings["factors"]))
        nodes = substitute(nodes, [first, second], [_reshape(first.inputs[0], second.output, factors)])
    return nodes
