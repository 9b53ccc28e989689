"""The IDN as a list of nodes in the order they run: what the rewrites work on.

`read_idn` writes the network down exactly as dygraph runs it; rewrites.py makes it smaller; program.py turns it into a
program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paddle_mfs.models.idn import IDN, SIZE
from paddle_mfs.models.iin import SLOPE

INPUT = "image"
SHAPE = (1, 3, SIZE, SIZE)
OUTPUTS = (
    ("result", (1, 3, SIZE, SIZE), "swapped crop, RGB in [0, 1], blended with the target by the mask already"),
    (
        "mask",
        (1, 1, SIZE, SIZE),
        "share of the painted face in the result, 0 where it is the target",
    ),
)
RESULTS = RESULT, MASK = tuple(name for name, _, _ in OUTPUTS)


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. Two nodes are the same only if they are one object.

    Attributes:
        kind: conv, transposed (depthwise transposed conv, stride 2), norm, leaky_relu, relu, tanh, sigmoid, upsample
            (bilinear x2), shuffle (pixel shuffle x2), concat, reshape, transpose (height and width change places), add,
            subtract, multiply, scale or detach.
        inputs: names of what it reads: outputs of earlier nodes, or "image".
        output: the name of what it makes.
        settings: conv: weight (out, in/groups, k, k), bias (out,) or None, stride, padding, groups; in_float: int8
            leaves it alone. transposed: weight (C, 1, k, k), bias, padding. norm: weight, bias, mean, variance (C,),
            epsilon. leaky_relu: slope. upsample: half_pixel, ring (`ops.resample.upsample2x`). concat: axis, 1
            (channels) unless given. reshape: factors of channels, height and width. scale: factor, offset. Arrays are
            float32 numpy.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    settings: dict[str, Any] = field(default_factory=dict)

    def changed(self, inputs: tuple[str, ...] | None = None, output: str | None = None, **settings: Any) -> Node:
        """A copy with other inputs, another output or other settings."""
        return replace(
            self,
            inputs=self.inputs if inputs is None else inputs,
            output=output or self.output,
            settings={**self.settings, **settings},
        )


# A function that takes the list and gives another that computes the same (rewrites.py)
Rewrite = Callable[[list[Node]], list[Node]]


def is_pointwise(node: Node) -> bool:
    """Whether a node is a 1x1 convolution of all channels."""
    return (
        node.kind == "conv"
        and node.settings["weight"].shape[2:] == (1, 1)
        and node.settings["padding"] == 0
        and node.settings["stride"] == 1
        and node.settings["groups"] == 1
    )


def is_depthwise(node: Node) -> bool:
    """Whether a node is a convolution of every channel alone, one output a channel."""
    return node.kind == "conv" and node.settings["groups"] == len(node.settings["weight"]) > 1


def chains(nodes: list[Node], *kinds: str) -> list[list[Node]]:
    """Runs of nodes of these kinds, each one's output read by the next one alone -> list of lists."""
    found = []
    for node in nodes:
        chain = [node]
        while chain and len(chain) < len(kinds):
            readers = [reader for reader in nodes if chain[-1].output in reader.inputs]
            chain = chain + readers if len(readers) == 1 else []
        if [link.kind for link in chain] == list(kinds) and not {link.output for link in chain[:-1]} & set(RESULTS):
            found.append(chain)
    return found


def substitute(nodes: list[Node], old: list[Node], new: Iterable[Node]) -> list[Node]:
    """The list with the nodes `new` where the last of `old` stood, and without the others of `old`."""
    at = max(index for index, node in enumerate(nodes) if node in old)
    keep = [node for node in nodes[:at] if node not in old]
    return keep + list(new) + nodes[at + 1 :]


def read_idn(idn: IDN) -> list[Node]:
    """The nodes of a baked IDN as its forward runs them, among them those that make "result" and "mask".

    Args:
        idn: IDN in eval mode (running statistics are used).
    """
    nodes: list[Node] = []

    def add(kind, inputs, output, **settings):
        nodes.append(Node(kind, (inputs,) if isinstance(inputs, str) else inputs, output, settings))
        return output

    def conv(x, name, layer, stride=1, padding=0, groups=1):
        weight, bias = layer.weight.numpy(), layer.bias.numpy()
        return add("conv", x, name, weight=weight, bias=bias, stride=stride, padding=padding, groups=groups)

    def separable(x, name, depthwise, pointwise):
        x = conv(x, f"{name}.depthwise", depthwise, depthwise.stride, depthwise.padding, depthwise.weight.shape[0])
        return conv(x, f"{name}.pointwise", pointwise)

    def norm(x, name, layer):
        return add(
            "norm",
            x,
            name,
            weight=layer.weight.numpy(),
            bias=layer.bias.numpy(),
            mean=layer._mean.numpy(),
            variance=layer._variance.numpy(),
            epsilon=layer._epsilon,
        )

    def leaky_relu(x, name):
        return add("leaky_relu", x, f"{name}.leaky_relu", slope=SLOPE)

    def upsample(x, name, ring):
        return add("upsample", x, f"{name}.upsample", half_pixel=idn.mobile, ring=ring if idn.mobile else 0)

    y, skips = add("scale", INPUT, "input", factor=2.0, offset=-1.0), []
    for number, layer in enumerate(idn.encoder):
        name = f"encoder.{number}"
        y = leaky_relu(separable(y, name, layer.depthwise, layer.pointwise), name)
        skips.append(y)

    bottleneck = skips.pop()
    if idn.masked:
        m = add("detach", bottleneck, "mask.detach")
        *blocks, last = idn.mask.children()
        for number, block in enumerate(blocks):
            name, layer = f"mask.{number}", block._sub_layers
            m = norm(separable(upsample(m, name, 1), name, layer["1"], layer["2"]), f"{name}.norm", layer["3"])
            m = leaky_relu(m, name)
        mask = add("sigmoid", conv(m, f"mask.{len(blocks)}", last, padding=1), "mask")
    else:  # 1 everywhere, as a 1x1 convolution of nothing: an operator that every engine has
        nothing, one = np.zeros((1, 3, 1, 1), np.float32), np.ones(1, np.float32)
        mask = add("conv", INPUT, "mask", weight=nothing, bias=one, stride=1, padding=0, groups=1)

    for number, layer in enumerate(idn.decoder):
        name = f"decoder.{number}"
        y = leaky_relu(separable(upsample(y, name, 1), name, layer.depthwise, layer.pointwise), name)
        if len(skips) > 1:
            y = add("concat", (y, skips.pop()), f"{name}.concat")

    layer = idn.final._sub_layers
    y = upsample(conv(y, "final.1", layer["1"]), "final", 0)
    y = leaky_relu(norm(y, "final.2", layer["2"]), "final.2")
    y = leaky_relu(norm(conv(y, "final.4", layer["4"], padding=1), "final.5", layer["5"]), "final.5")
    y = add("tanh", conv(y, "final.7", layer["7"], padding=1), "final.tanh")
    painted = add("scale", y, "painted" if idn.masked else "result", factor=0.5, offset=0.5)
    if not idn.masked:
        return nodes

    shown = add("multiply", (painted, mask), "blend.shown")
    rest = add("scale", mask, "blend.inverse", factor=-1.0, offset=1.0)
    kept = add("multiply", (rest, INPUT), "blend.kept")
    add("add", (shown, kept), "result")
    return nodes
