"""A network read from a file, as a graph of operators and numbers, and its parameters in the order a Layer names them.

Nothing is executed here: the networks are Layers of paddle_mfs/models, and only the numbers move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_mfs.utils.errors import UserError


@dataclass(frozen=True)
class Node:
    """An operator by its ONNX name (https://onnx.ai/onnx/operators/), with the names of what goes in and comes out."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """What the readers make of a file.

    outputs: names of the network's outputs, in order. arrays: {name: constant}, kernels (out, in, k, k) or, depthwise,
    (channels, 1, k, k), matrices (in, out). origin: named in errors.
    """

    nodes: list[Node]
    outputs: list[str]
    arrays: dict[str, np.ndarray]
    origin: str | Path


def _execution_order(nodes: Sequence[Node], outputs: Sequence[str]) -> list[Node]:
    """Nodes that `outputs` need, depth first from each output in turn: a branch comes in one piece, not interleaved."""
    producer = {name: node for node in nodes for name in node.outputs}
    ordered, visited = [], set()
    for output in outputs:
        stack = [(output, False)]
        while stack:
            name, inputs_done = stack.pop()
            node = producer.get(name)
            if node is None or (name in visited and not inputs_done):
                continue
            if inputs_done:
                ordered.append(node)
            else:
                visited.add(name)
                stack.append((name, True))
                stack.extend((i, False) for i in reversed(node.inputs))
    return ordered


def parameters_in_order(graph: Graph, outputs: Sequence[str] = ()) -> list[np.ndarray]:
    """List the learned arrays of a graph in execution order, in this project's form.

    A convolution gives its weight, then its bias. A per-channel multiplication or addition that follows a convolution
    (batch normalisation or an affine layer) is folded into it: W' = W * scale, b' = b * scale + shift. A PReLU gives
    one slope a channel, be it an operator or written as relu(x) + c * (x - |x|), whose slope is 2c. A matrix product
    gives its (in, out) matrix and, if there is one, its bias. Constants of other operators (an input's mean) are not
    parameters and stay behind.

    Args:
        graph: what a reader returned.
        outputs: names of the outputs (or inner tensors) whose parameters are wanted, in order; the graph's own without.
    Returns: list of float32 arrays. Raises UserError when a constant is missing.
    """
    arrays = graph.arrays
    entries: list[list[np.ndarray]] = []
    convolution: dict[str, list[np.ndarray]] = {}
    operator: dict[str, str] = {}

    def constant(node: Node, index: int) -> np.ndarray:
        name = node.inputs[index]
        if name not in arrays:
            raise UserError(f"{graph.origin}: has no numbers for {name!r}, which a layer needs; fetch it again")
        return arrays[name].astype(np.float32)

    for node in _execution_order(graph.nodes, outputs or graph.outputs):
        op, ins, out = node.op, node.inputs, node.outputs[0]
        operator[out] = op
        if op == "Conv":
            weight = constant(node, 1)
            bias = constant(node, 2) if len(ins) > 2 else np.zeros(len(weight), np.float32)
            convolution[out] = entry = [weight, bias]
            entries.append(entry)
        elif op in ("Gemm", "MatMul"):
            entries.append([constant(node, index) for index in range(1, len(ins))])
        elif op == "PRelu":
            entries.append([constant(node, 1).ravel()])
        elif op in ("Mul", "Add") and any(name in arrays for name in ins):
            at = 0 if ins[0] in arrays else 1
            value, other = constant(node, at).ravel(), ins[1 - at]
            if other in convolution:
                convolution[out] = entry = convolution.pop(other)
                if op == "Mul":
                    entry[0] = entry[0] * value.reshape(-1, 1, 1, 1)
                    entry[1] = entry[1] * value
                else:
                    entry[1] = entry[1] + value
            elif op == "Mul" and operator.get(other) == "Sub":
                entries.append([2 * value])
    return [array for entry in entries for array in entry]


def named_parameters(
    expected: Mapping[str, Sequence[int]], parameters: Sequence[np.ndarray], origin: str | Path
) -> dict[str, np.ndarray]:
    """Give the arrays of `parameters_in_order` the names of `expected` ({name: shape}, in order) -> {name: array}.

    Raises UserError naming the first place where number or shape differ: the graph is another network.
    """
    for (name, shape), array in zip(expected.items(), parameters):
        if tuple(shape) != array.shape:
            raise UserError(f"{origin}: another network; {name} needs shape {tuple(shape)}, it has {array.shape}")
    if len(expected) != len(parameters):
        raise UserError(f"{origin}: another network; {len(expected)} parameters needed, it has {len(parameters)}")
    return dict(zip(expected, parameters))
