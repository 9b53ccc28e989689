"""The IDN of a target with room for any identity, and what fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_mfs.export.layout import Part, is_predicted, layout, with_weights
from paddle_mfs.export.patch import Segment, find, patched
from paddle_mfs.graph.nodes import Node, read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.lite import LiteRunner, optimise


@dataclass(frozen=True)
class Template:
    """A .nb whose predicted weights are zeros.

    Attributes:
        model: its bytes. parts: its predicted weights. segments: where they stand in it, one a part.
        nodes: the rewritten graph that it is of.
    """

    model: bytes
    parts: list[Part]
    segments: list[Segment]
    nodes: list[Node]

    @property
    def count(self) -> int:
        """How many float32 values are predicted."""
        return sum(part.count for part in self.parts)

    def filled(self, weights: np.ndarray) -> bytes:
        """The .nb of an identity, weights (count,) float32 from `weights_of`."""
        return patched(self.model, self.segments, weights)

    def weights_of(self, idn: IDN) -> np.ndarray:
        """(count,) float32: the predicted weights of a baked IDN as they stand in the file, part by part.

        Raises: ValueError for an IDN that no IIN made (these layers have no biases then), as one refined for a person.
        """
        predicted = [node for node in read_idn(idn) if is_predicted(node)]
        if any(node.settings["bias"].any() for node in predicted):
            raise ValueError("an IDN with biases that the IIN does not predict")
        known = {node.output: node.settings["weight"] for node in predicted}
        return np.concatenate([part.weight(known[part.layer]).ravel() for part in self.parts])


def make_template(idn: IDN, folder: str | Path, target: str, precision: str = "fp32") -> Template:
    """The Template of an IDN of any identity; all that is not predicted is that IDN's.

    Args:
        folder: to work in.
        target, precision: as `graph.targets` has them, but int8.
    Raises: UserError when the weights are not found in the file as they are.
    """
    nodes, passes = read_idn(idn), TARGETS[target].passes[precision]
    return _made(nodes, passes, layout(nodes, passes), folder, target, TARGETS[target].places, precision)


def _made(nodes, passes, parts, folder, name, places, precision):
    rng, path = np.random.RandomState(0), Path(folder) / "template.nb"
    drawn = {
        node.output: rng.uniform(0.5, 1.5, node.settings["weight"].shape).astype(np.float32)
        for node in nodes
        if is_predicted(node)
    }
    rewritten = rewrite(with_weights(nodes, drawn), passes)
    optimise(Program(rewritten).save(folder), places, path, precision)
    model = path.read_bytes()
    segments = find(model, [part.weight(drawn[part.layer]) for part in parts], f"idn.nb for {name} {precision}")
    zeros = np.zeros(sum(part.count for part in parts), np.float32)
    return Template(patched(model, segments, zeros), parts, segments, rewritten)


def runnable(
    idn: IDN, folder: str | Path, template: Template, target: str, precision: str = "fp32"
) -> Callable[[np.ndarray], Callable[[np.ndarray], list[np.ndarray]]]:
    """What runs a target's filled template here: weights (count,) -> callable (1, 3, S, S) -> [result, mask].

    It is the same graph, built for x86 and patched likewise; one that is not `on_x86` is run by Paddle.
    """
    if not on_x86(template.nodes):
        return lambda weights: Program(_filled(template, weights)).run
    if target != "x86":
        nodes, passes = read_idn(idn), TARGETS[target].passes[precision]
        template = _made(nodes, passes, template.parts, folder, f"{target}, built for x86,", "x86", "fp32")
    return lambda weights: LiteRunner(template.filled(weights))


def on_x86(nodes: list[Node]) -> bool:
    """Whether Paddle-Lite can run a graph on x86: it has no transposed convolutions of single channels there, which the
    mobile variant has for gpu."""
    return all(node.kind != "transposed" for node in nodes)


def run_graph(nodes: list[Node], folder: str | Path) -> Callable[[np.ndarray], list[np.ndarray]]:
    """What runs a target's graph here, (1, 3, S, S) -> [result, mask]: Paddle-Lite, built for x86, or else Paddle."""
    program, path = Program(nodes), Path(folder) / "x86.nb"
    if not on_x86(nodes):
        return program.run
    optimise(program.save(folder), "x86", path)
    return LiteRunner(path)


def _filled(template: Template, weights: np.ndarray) -> list[Node]:
    values = {
        part.node: weights[segment.start : segment.start + segment.length].reshape(part.shape)
        for part, segment in zip(template.parts, template.segments)
    }
    return [node.changed(weight=values[node.output]) if node.output in values else node for node in template.nodes]
