"""Where the weights that the IIN predicts stand in the graph that is exported.

Nothing here knows what the rewrites do. They are run on weights that show the way: all of them are linear in the
predicted weights, so that a few runs say what each weight of the rewritten graph is made of.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paddle_mfs.graph.nodes import Node, Rewrite
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.utils.errors import UserError


@dataclass(frozen=True)
class Part:
    """The weight of one convolution of the rewritten graph, and what it is made of.

    Attributes:
        node: the convolution's output name. shape: of its weight.
        layer: the predicted layer, a node of `graph.nodes.read_idn`: "encoder.0.depthwise".
        maps: None: the predicted weight as it is. Else (V, T, t) float32: a kernel of T values of the layer becomes V
            kernels of t values, kernel @ maps[v].
        kernels_first: of V > 1: the V kernels of a channel stand together; else the same kernel of all channels does.
    """

    node: str
    shape: tuple[int, ...]
    layer: str
    maps: np.ndarray | None
    kernels_first: bool = True

    @property
    def count(self) -> int:
        """How many float32 values it has."""
        return int(np.prod(self.shape))

    def weight(self, predicted: np.ndarray) -> np.ndarray:
        """What becomes of the predicted weight of the layer, (C, 1, k, k) or (out, in, 1, 1) -> array of `shape`."""
        if self.maps is None:
            return predicted.reshape(self.shape)
        made = np.einsum("ct,vtu->cvu", predicted.reshape(len(predicted), -1), self.maps)
        return (made if self.kernels_first else made.transpose(1, 0, 2)).reshape(self.shape)


def is_predicted(node: Node) -> bool:
    """Whether the IIN predicts the weight of this node of `read_idn`."""
    return node.kind == "conv" and node.output.split(".")[0] in ("encoder", "decoder")


def with_weights(nodes: Sequence[Node], weights: Mapping[str, np.ndarray]) -> list[Node]:
    """The nodes with other weights, {node: weight}; the biases of these layers are zero, as the IIN leaves them."""
    return [
        node.changed(weight=weights[node.output], bias=np.zeros_like(node.settings["bias"]))
        if node.output in weights
        else node
        for node in nodes
    ]


def layout(nodes: list[Node], passes: Sequence[Rewrite]) -> list[Part]:
    """The parts of the graph that `passes` make of `read_idn`'s nodes, in the order in which they run.

    Raises: UserError when a rewritten weight is not made of one predicted layer, channel by channel.
    """
    shapes = {node.output: node.settings["weight"].shape for node in nodes if is_predicted(node)}

    def run(weights):
        """{(node, setting): array} of the rewritten graph."""
        return {
            (node.output, name): value
            for node in rewrite(with_weights(nodes, weights), passes)
            for name, value in node.settings.items()
            if isinstance(value, np.ndarray)
        }

    rng = np.random.RandomState(0)
    drawn = {layer: rng.uniform(0.5, 1.5, shape).astype(np.float32) for layer, shape in shapes.items()}
    wanted, made_of = run(drawn), {}
    for layer in shapes:
        moved = run({**drawn, layer: drawn[layer] + 1})
        for node, name in (key for key, value in moved.items() if not np.array_equal(value, wanted[key])):
            if name != "weight" or node in made_of:
                raise UserError(f"the {name} of {node} is made of several predicted weights; this cannot be patched")
            made_of[node] = layer
    if set(made_of.values()) != set(shapes):
        raise UserError("a predicted weight is not in the rewritten graph; this cannot be patched")
    depthwise = {layer: shape for layer, shape in shapes.items() if shape[1] == 1}

    @functools.cache
    def probes():
        """What becomes of one tap of all kernels at a time: 1 in every channel says how much it counts, 1, 2, 3... from
        which channel it comes."""
        taps = max(shape[2] * shape[3] for shape in depthwise.values())
        return [
            [
                run({**drawn, **{layer: _probe(shape, tap, number) for layer, shape in depthwise.items()}})
                for tap in range(taps)
            ]
            for number in (False, True)
        ]

    parts = []
    for node in (node for node, name in wanted if name == "weight" and node in made_of):
        layer, weight = made_of[node], wanted[node, "weight"]
        part = Part(node, weight.shape, layer, None)
        if weight.size != drawn[layer].size or not np.array_equal(part.weight(drawn[layer]), weight):
            seen = [[one[node, "weight"].reshape(len(weight), -1) for one in runs] for runs in probes()]
            part = _mapped(part, depthwise.get(layer), *map(np.stack, seen))
            if not np.allclose(part.weight(drawn[layer]), weight, rtol=1e-5, atol=1e-6):
                raise UserError(f"the weight of {node} is not linear in the predicted {layer}; this cannot be patched")
        parts.append(part)
    return parts


def _probe(shape, tap, number):
    """Kernels (C, 1, k, k) with one tap: 1, or the channel's number counted from 1."""
    probe = np.zeros((shape[0], shape[2] * shape[3]), np.float32)
    if tap < probe.shape[1]:
        probe[:, tap] = np.arange(1, shape[0] + 1) if number else 1
    return probe.reshape(shape)


def _mapped(part, shape, counts, numbered):
    """The part with its maps, from what the probes became: (taps, rows of the weight, values of a row) each."""
    refused = UserError(f"the weight of {part.node} mixes channels of {part.layer}; this cannot be patched")
    if shape is None or part.shape[0] % shape[0]:
        raise refused
    counts, numbered = (value[: shape[2] * shape[3]] for value in (counts, numbered))
    channels, rows = shape[0], part.shape[0]
    number = np.abs(numbered).sum((0, 2)) / np.abs(counts).sum((0, 2))
    kinds = rows // channels
    for kernels_first, order in ((True, np.arange(rows) // kinds), (False, np.arange(rows) % channels)):
        if np.allclose(number, order + 1):
            grouped = (
                counts.reshape(-1, channels, kinds, counts.shape[2])
                if kernels_first
                else (counts.reshape(-1, kinds, channels, counts.shape[2]).transpose(0, 2, 1, 3))
            )
            maps = grouped[:, 0].transpose(1, 0, 2)
            return replace(part, maps=np.ascontiguousarray(maps), kernels_first=kernels_first)
    raise refused
