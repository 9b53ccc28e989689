"""Reads the operators and numbers of a TensorFlow.js graph model: a .json with the graph, a .bin with the numbers.

Format: https://github.com/tensorflow/tfjs/tree/master/tfjs-converter, `modelTopology` a GraphDef and `weightsManifest`
a list of groups of arrays that lie one after the other; float16 stands for float32 where `quantization` says so.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.convert.graph import Graph, Node
from paddle_mfs.utils.errors import UserError

# operator of TensorFlow -> its ONNX name; the others only pass on what goes in
OPERATORS = {
    "Add": "Add",
    "AddV2": "Add",
    "BiasAdd": "Add",
    "Conv2D": "Conv",
    "DepthwiseConv2dNative": "Conv",
    "MatMul": "Gemm",
    "Mul": "Mul",
    "Sub": "Sub",
    "_FusedConv2D": "Conv",
    "_FusedMatMul": "Gemm",
}
STORED = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "bool": "?", "uint8": "u1"}


def _numbers(manifest: list[dict[str, Any]], content: bytes) -> dict[str, np.ndarray]:
    """{name: array} of every array that the manifest lists."""
    arrays, at = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        quantisation = entry.get("quantization", {})
        if "scale" in quantisation:
            raise ValueError(f"{entry['name']} is quantised to integers, which is not read here")
        kind = np.dtype(STORED[quantisation.get("dtype", entry["dtype"])])
        count = math.prod(entry["shape"])
        arrays[entry["name"]] = np.frombuffer(content, kind, count, at).reshape(entry["shape"])
        at += count * kind.itemsize
    return arrays


def _name(reference: str) -> str:
    """The node that "name:0" or "^name" refers to."""
    return reference.lstrip("^").partition(":")[0]


def _read(topology: bytes, content: bytes, origin: str | Path) -> Graph:
    model = json.loads(topology)
    arrays, nodes = _numbers(model["weightsManifest"], content), []
    for node in model["modelTopology"]["node"]:
        op = node["op"]
        if op in ("Const", "Placeholder"):
            continue
        inputs = [_name(one) for one in node.get("input", [])]
        if OPERATORS.get(op) == "Conv" and inputs[1] in arrays:
            # kernels come as (k, k, in, out), depthwise ones as (k, k, channels, 1)
            weight = arrays[inputs[1]].transpose((2, 3, 0, 1) if op == "DepthwiseConv2dNative" else (3, 2, 0, 1))
            inputs[1] = f"{inputs[1]} of {node['name']}"
            arrays[inputs[1]] = weight
        nodes.append(Node(OPERATORS.get(op, "Other"), tuple(inputs), (node["name"],)))
    return Graph(nodes, [_name(name) for name in model["signature"]["outputs"]], arrays, origin)


def read_tfjs(topology: bytes, content: bytes, origin: str | Path) -> Graph:
    """The bytes of a model's .json and of its .bin -> Graph. Raises UserError when they are none, or damaged."""
    try:
        return _read(topology, content, origin)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())[:160]
        raise UserError(f"{origin}: not a readable TensorFlow.js graph model ({reason}); fetch it again") from None
