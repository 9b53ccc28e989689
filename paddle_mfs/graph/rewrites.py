"""Rewrites of the graph: each a function, list of nodes -> list of nodes, that leaves every pixel where it was.

Each is exact up to the rounding of float32 (tests/graph/test_rewrites.py shows it, one by one). EXACT is applied for
every target, in this order; targets.py lists what a target adds. upsampling.py has those of the mobile variant's
upsampling.
"""

from collections.abc import Iterable

import numpy as np

from paddle_mfs.graph.nodes import INPUT, MASK, Node, Rewrite, chains, is_depthwise, is_pointwise, substitute
from paddle_mfs.graph.upsampling import CENTRE, channels, depthwise, fold_upsampling


def _bias(conv):
    bias = conv.settings["bias"]
    return np.zeros(len(conv.settings["weight"]), np.float32) if bias is None else bias


def drop_detach(nodes: list[Node]) -> list[Node]:
    """detach(x) is x: only training needs it.

    Its operator (share_data) needs a bigger Paddle-Lite and leaves the GPU.
    """
    for node in [node for node in nodes if node.kind == "detach"]:
        nodes = [
            other.changed(inputs=tuple(node.inputs[0] if name == node.output else name for name in other.inputs))
            for other in nodes
            if other is not node
        ]
    return nodes


def pointwise_before_upsample(nodes: list[Node]) -> list[Node]:
    """upsample, then 1x1 convolution or batch norm -> the same the other way round, on a quarter of the pixels.

    All are linear, and interpolation weights sum to 1, which is what lets a bias pass (in the half-pixel form they do
    not, at the edge). A convolution that makes more channels stays where it is: more would have to be upsampled.
    """

    def moves(upsample, node):
        narrow = is_pointwise(node) and len(node.settings["weight"]) <= node.settings["weight"].shape[1]
        return (node.kind == "norm" or narrow) and not upsample.settings["half_pixel"]

    found = [pair for kind in ("conv", "norm") for pair in chains(nodes, "upsample", kind) if moves(*pair)]
    if not found:
        return nodes
    upsample, linear = found[0]
    low = linear.changed(inputs=upsample.inputs, output=f"{linear.output}.low")
    nodes = substitute(nodes, [upsample, linear], [low, upsample.changed(inputs=(low.output,), output=linear.output)])
    return pointwise_before_upsample(nodes)


def share_upsampling(nodes: list[Node]) -> list[Node]:
    """Two upsamplings of one map (the mask's first and the decoder's) -> one."""
    first: dict[tuple, Node] = {}
    for node in [node for node in nodes if node.kind == "upsample"]:
        kept = first.setdefault((node.inputs, *sorted(node.settings.items())), node)
        if kept is not node:
            nodes = [
                other.changed(inputs=tuple(kept.output if name == node.output else name for name in other.inputs))
                for other in nodes
                if other is not node
            ]
    return nodes


def fold_norms(nodes: list[Node]) -> list[Node]:
    """conv (or transposed conv), batch norm -> conv with scaled weights and a bias."""
    for conv, norm in chains(nodes, "conv", "norm") + chains(nodes, "transposed", "norm"):
        s = norm.settings
        factor = s["weight"] / np.sqrt(s["variance"] + s["epsilon"])
        folded = conv.changed(
            output=norm.output,
            weight=conv.settings["weight"] * factor[:, None, None, None],
            bias=(_bias(conv) - s["mean"]) * factor + s["bias"],
        )
        nodes = substitute(nodes, [conv, norm], [folded])
    return nodes


def fold_depthwise_bias(nodes: list[Node]) -> list[Node]:
    """depthwise conv with a bias, 1x1 conv -> the bias is passed through the 1x1 conv and added there, once."""
    for spatial, pointwise in chains(nodes, "conv", "conv"):
        if not (is_depthwise(spatial) and is_pointwise(pointwise)) or spatial.settings["bias"] is None:
            continue
        passed = pointwise.settings["weight"][:, :, 0, 0] @ spatial.settings["bias"]
        nodes = substitute(
            nodes, [spatial, pointwise], [spatial.changed(bias=None), pointwise.changed(bias=_bias(pointwise) + passed)]
        )
    return nodes


def image_as_sigmoid(nodes: list[Node]) -> list[Node]:
    """(1 + tanh(x)) / 2 -> sigmoid(2x), the 2 folded into the convolution that makes x."""
    for conv, tanh, half in chains(nodes, "conv", "tanh", "scale"):
        if (half.settings["factor"], half.settings["offset"]) == (0.5, 0.5):
            doubled = conv.changed(weight=conv.settings["weight"] * 2, bias=_bias(conv) * 2)
            nodes = substitute(nodes, [conv, tanh, half], [doubled, Node("sigmoid", (conv.output,), half.output)])
    return nodes


def blend_once(nodes: list[Node]) -> list[Node]:
    """image * m + (1 - m) * in -> in + m * (image - in): one multiplication less."""
    made_by = {node.output: node for node in nodes}

    def is_inverse(node, mask):
        inverse = node.kind == "scale" and node.settings == {"factor": -1.0, "offset": 1.0}
        return inverse and node.inputs == (mask,)

    for shown, total in chains(nodes, "multiply", "add"):
        kept = made_by[total.inputs[1]]
        rest, (image, mask) = made_by.get(kept.inputs[0]), shown.inputs
        if kept.inputs[1:] != (INPUT,) or rest is None or not is_inverse(rest, mask):
            continue
        nodes = substitute(
            nodes,
            [shown, rest, kept, total],
            [
                Node("subtract", (image, INPUT), "blend.change"),
                Node("multiply", ("blend.change", mask), "blend.shown"),
                Node("add", (INPUT, "blend.shown"), total.output),
            ],
        )
    return nodes


def mask_for_each_colour(nodes: list[Node]) -> list[Node]:
    """change * mask -> change * (the mask three times).

    Paddle-Lite's product of one channel with three goes value by value; of equal shapes it is vectorised.
    """
    for node in [node for node in nodes if node.kind == "multiply" and node.inputs[1] == MASK]:
        three = Node("concat", (MASK,) * 3, f"{MASK}.colours")
        nodes = substitute(nodes, [node], [three, node.changed((node.inputs[0], three.output))])
    return nodes


def leaky_relu_as_relu(nodes: list[Node]) -> list[Node]:
    """leaky_relu(x) -> (1 - slope) * relu(x) + slope * x, for compilers that know no LeakyReLU."""
    for node in [node for node in nodes if node.kind == "leaky_relu"]:
        slope, name = node.settings["slope"], node.output
        nodes = substitute(
            nodes,
            [node],
            [
                Node("relu", node.inputs, f"{name}.relu"),
                Node("scale", (f"{name}.relu",), f"{name}.positive", {"factor": 1 - slope, "offset": 0.0}),
                Node("scale", node.inputs, f"{name}.linear", {"factor": slope, "offset": 0.0}),
                Node("add", (f"{name}.positive", f"{name}.linear"), name),
            ],
        )
    return nodes


def leaky_relu_in_depthwise(nodes: list[Node]) -> list[Node]:
    """upsample, LeakyReLU -> upsample, depthwise 3x3 that copies, LeakyReLU.

    Paddle-Lite's arm fp16 knows the LeakyReLU of a convolution but none alone, and would go to fp32 and back for it.
    """
    made_by = {node.output: node for node in nodes}
    for node in [node for node in nodes if node.kind == "leaky_relu" and made_by[node.inputs[0]].kind == "upsample"]:
        kernel = np.repeat(CENTRE, channels(nodes, node.inputs[0]), 0)
        copy = depthwise(node.inputs, f"{node.output}.copy", kernel, None)
        nodes = substitute(nodes, [node], [copy, node.changed(inputs=(copy.output,))])
    return nodes


def centre_input(nodes: list[Node]) -> list[Node]:
    """conv(factor * image + offset) -> conv'(image + offset / factor), the factor folded into the kernel.

    One step before the convolution, not two. The sum is padded with zeros as before, so the picture's edge does not
    change.
    """
    for scale, conv in chains(nodes, "scale", "conv"):
        if scale.inputs == (INPUT,):
            factor = scale.settings["factor"]
            nodes = substitute(
                nodes,
                [scale, conv],
                [
                    scale.changed(factor=1.0, offset=scale.settings["offset"] / factor),
                    conv.changed(weight=conv.settings["weight"] * np.float32(factor)),
                ],
            )
    return nodes


def depthwise_4x4_as_5x5(nodes: list[Node]) -> list[Node]:
    """Depthwise 4x4, stride 2, padding 1 -> 5x5, stride 2, padding 2.

    The kernel's first row and column are zeros. Paddle-Lite has fast ARM depthwise kernels for 3x3 and 5x5 only.
    """

    def grown(node):
        if not is_depthwise(node) or node.settings["weight"].shape[2:] != (4, 4) or node.settings["padding"] != 1:
            return node
        return node.changed(weight=np.pad(node.settings["weight"], ((0, 0), (0, 0), (1, 0), (1, 0))), padding=2)

    return [grown(node) for node in nodes]


def exact(upsampling: Rewrite) -> tuple[Rewrite, ...]:
    """The rewrites that every target gets, in order; `upsampling` is the one of the mobile variant's upsampling."""
    return (
        drop_detach,
        fold_depthwise_bias,
        upsampling,
        pointwise_before_upsample,
        fold_norms,
        image_as_sigmoid,
        blend_once,
        share_upsampling,
    )


EXACT = exact(fold_upsampling)


def rewrite(nodes: list[Node], passes: Iterable[Rewrite] = EXACT) -> list[Node]:
    """The nodes after all `passes`, in order."""
    for one in passes:
        nodes = one(nodes)
    return nodes
