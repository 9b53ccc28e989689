"""TensorFlow.js graph models, made here."""

import json

import numpy as np
import pytest

from paddle_mfs.convert.graph import parameters_in_order
from paddle_mfs.convert.tfjs import read_tfjs
from paddle_mfs.utils.errors import UserError


def small_model():
    """A convolution, a depthwise one with its scale and shift, two heads -> (graph, numbers, arrays by name)."""
    rng = np.random.default_rng(2)
    arrays = {
        "kernel": rng.standard_normal((3, 3, 2, 4)),
        "shift": rng.standard_normal(4),
        "depth": rng.standard_normal((3, 3, 4, 1)),
        "scale": rng.uniform(1, 2, 4),
        "matrix": rng.standard_normal((4, 5)),
        "bias": rng.standard_normal(5),
        "other": rng.standard_normal((4, 1)),
        "other_bias": rng.standard_normal(1),
    }
    arrays = {name: value.astype(np.float16) for name, value in arrays.items()}
    nodes = [
        ("x", "Placeholder", []),
        *((name, "Const", []) for name in arrays),
        ("conv", "Conv2D", ["x", "kernel"]),
        ("conv/add", "Add", ["conv", "shift"]),
        ("relu", "Relu", ["conv/add"]),
        ("depthwise", "DepthwiseConv2dNative", ["relu", "depth"]),
        ("depthwise/mul", "Mul", ["depthwise", "scale"]),
        ("mean", "Mean", ["depthwise/mul"]),
        ("other_head", "_FusedMatMul", ["mean", "other", "other_bias"]),
        ("head", "_FusedMatMul", ["mean:0", "matrix", "bias"]),
    ]
    weights = [
        {"name": name, "shape": list(value.shape), "dtype": "float32", "quantization": {"dtype": "float16"}}
        for name, value in arrays.items()
    ]
    model = {
        "signature": {"outputs": {"other_head:0": {}, "head:0": {}}},
        "modelTopology": {"node": [{"name": name, "op": op, "input": inputs} for name, op, inputs in nodes]},
        "weightsManifest": [{"paths": ["model.bin"], "weights": weights}],
    }
    return model, b"".join(value.tobytes() for value in arrays.values()), arrays


def test_layers_come_in_our_form():
    model, content, arrays = small_model()
    graph = read_tfjs(json.dumps(model).encode(), content, "made")
    assert graph.outputs == ["other_head", "head"]
    found = parameters_in_order(graph, ["head"])
    full = {name: value.astype(np.float32) for name, value in arrays.items()}
    expected = [
        full["kernel"].transpose(3, 2, 0, 1),
        full["shift"],
        full["depth"].transpose(2, 3, 0, 1) * full["scale"].reshape(-1, 1, 1, 1),
        np.zeros(4),
        full["matrix"],
        full["bias"],
    ]
    assert [value.shape for value in found] == [value.shape for value in expected]
    for value, right in zip(found, expected):
        np.testing.assert_array_equal(value, right)


@pytest.mark.parametrize("case", ["short numbers", "text", "list", "no nodes", "integers"])
def test_damaged_models_are_refused_in_one_line(case):
    model, content, _ = small_model()
    if case == "no nodes":
        del model["modelTopology"]
    if case == "integers":
        model["weightsManifest"][0]["weights"][0]["quantization"] = {"dtype": "uint8", "scale": 0.1, "min": 0}
    text = {"text": b"not found", "list": b"[1, 2]"}.get(case, json.dumps(model).encode())
    with pytest.raises(UserError, match="made: not a readable TensorFlow.js") as caught:
        read_tfjs(text, content[:-8] if case == "short numbers" else content, "made")
    assert "\n" not in str(caught.value)
