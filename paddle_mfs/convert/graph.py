"""Reads a network given as `graph.json` + `weights.npz` and lists its parameters in the order a Layer names them.

graph.json is {"inputs": [...], "outputs": [...], "nodes": [{"op", "attrs", "ins", "outs"}, ...]} with ONNX operators;
weights.npz holds every constant under the name that `ins` uses. Nothing is executed here: the networks are Layers of
paddle_mfs/models, and only the numbers move.
"""

import json
import zipfile
from pathlib import Path

import numpy as np

from paddle_mfs.utils.errors import UserError


def _file(folder, name):
    """Path of a file that a network's folder must hold."""
    path = Path(folder) / name
    if not Path(folder).is_dir():
        raise UserError(f"{folder}: no such folder; give the folder that holds it with --from")
    if not path.is_file():
        raise UserError(f"{path}: not found; the folder of a network holds {name}")
    return path


def read_arrays(folder):
    """`folder`/weights.npz -> {name: array}. Raises UserError when it is missing or damaged."""
    path = _file(folder, "weights.npz")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a readable npz file ({type(error).__name__}); fetch it again") from None


def read_graph(folder):
    """`folder`/graph.json -> dict. Raises UserError when it is missing or not such a graph."""
    path = _file(folder, "graph.json")
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))
        complete = all(key in graph for key in ("inputs", "outputs", "nodes"))
    except (ValueError, TypeError, OSError) as error:
        raise UserError(f"{path}: not a readable graph ({type(error).__name__}); fetch it again") from None
    if not complete:
        raise UserError(f"{path}: not a graph; it needs inputs, outputs and nodes")
    return graph


def _execution_order(nodes, outputs):
    """Nodes that `outputs` need, depth first from each output in turn: a branch comes in one piece, not interleaved."""
    producer = {name: node for node in nodes for name in node["outs"]}
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
                stack.extend((i, False) for i in reversed(node["ins"]))
    return ordered


def parameters_in_order(graph, arrays, outputs=None, origin="the folder"):
    """List the learned arrays of a graph in execution order, in this project's form.

    A convolution gives its weight, then its bias. A per-channel multiplication or addition that follows a convolution
    (batch normalisation or an affine layer) is folded into it: W' = W * scale, b' = b * scale + shift. A PReLU gives
    one slope a channel, be it an operator or written as relu(x) + c * (x - |x|), whose slope is 2c. A matrix product
    gives its (in, out) matrix and, if there is one, its bias. Constants of other operators (an input's mean) are not
    parameters and stay behind.

    Args:
        graph: read_graph's result.
        arrays: read_arrays' result.
        outputs: names of the outputs (or inner tensors) whose parameters are wanted, in order; the graph's own without.
        origin: named in errors.
    Returns: list of float32 arrays.
    """
    entries, convolution, operator = [], {}, {}

    def constant(node, index):
        name = node["ins"][index]
        if name not in arrays:
            raise UserError(
                f"{origin}: weights.npz has no array named {name!r}, which graph.json asks for; fetch both again"
            )
        return arrays[name].astype(np.float32)

    for node in _execution_order(graph["nodes"], outputs or graph["outputs"]):
        op, ins, out = node["op"], node["ins"], node["outs"][0]
        operator[out] = op
        if op == "Conv":
            weight = constant(node, 1)
            bias = constant(node, 2) if len(ins) > 2 else np.zeros(len(weight), np.float32)
            convolution[out] = entry = [weight, bias]
            entries.append(entry)
        elif op in ("Gemm", "MatMul"):
            weight = constant(node, 1)
            bias = [constant(node, 2)] if len(ins) > 2 else []
            entries.append([weight.T if node["attrs"].get("transB") else weight, *bias])
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


def named_parameters(expected, parameters, origin):
    """Give the arrays of `parameters_in_order` the names of `expected` ({name: shape}, in order) -> {name: array}.

    Raises UserError naming the first place where number or shape differ: the graph is another network.
    """
    for (name, shape), array in zip(expected.items(), parameters):
        if tuple(shape) != array.shape:
            raise UserError(
                f"{origin}: another network; {name} needs shape {tuple(shape)}, the graph has {array.shape}"
            )
    if len(expected) != len(parameters):
        raise UserError(
            f"{origin}: another network; {len(expected)} parameters needed, the graph has {len(parameters)}"
        )
    return dict(zip(expected, parameters))
