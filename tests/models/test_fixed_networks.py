"""The fixed networks against outputs of an interpreter of the original graphs.

tests/fixtures/networks_reference.npz holds one aligned face (224 px, generated) and, for each network, its outputs
in float32 for that face: the whole of them, but for mobilefacenet's feature (first 16 channels) and blazeface's
regressors (the coarse grid).
"""

from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddle_mfs.models.zoo  # noqa: F401  registers every network
from paddle_mfs.convert.precision import network_input, run
from paddle_mfs.models import create_model
from paddle_mfs.models.arcface import IRSEResNet
from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.same_padding import SameConv2D, SameDepthwise, same_padding
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, load_into, read_card, sha256

REFERENCE = np.load(Path(__file__).parents[1] / "fixtures" / "networks_reference.npz")
# name -> input shape, output shapes
NETWORKS = {
    "mobilefacenet": ([2, 3, 112, 112], [[2, 192], [2, 512, 7, 7]]),
    "arcface": ([2, 3, 112, 112], [[2, 512], [2, 512, 7, 7]]),
    "blazeface": ([2, 3, 128, 128], [[2, 896, 16], [2, 896]]),
    "facemesh": ([2, 3, 192, 192], [[2, 468, 3], [2]]),
    "dlib_resnet": ([2, 3, 150, 150], [[2, 128]]),
    "squeezenet": ([2, 3, 128, 128], [[2, 128, 30, 30], [2, 256, 30, 30]]),
    "age": ([2, 3, 224, 224], [[2]]),
    "inception": ([2, 3, 75, 75], [[2, 2048]]),
}
BUNDLED = ("age", "blazeface", "dlib_resnet", "facemesh", "mobilefacenet")


def reference(name):
    return [REFERENCE[f"{name}_{i}"] for i in range(2) if f"{name}_{i}" in REFERENCE]


def bundled_outputs(name):
    outputs = run(create_model(name, weights="bundled"), network_input(name, REFERENCE["face"][None]))
    if name == "mobilefacenet":
        outputs[1] = outputs[1][:, :16]
    if name == "blazeface":
        outputs[0] = outputs[0][:, 512:]
    return outputs


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_created_and_forwarded(name):
    shape, expected = NETWORKS[name]
    assert name in MODELS.names()
    outputs = run(create_model(name), np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32))
    assert [list(o.shape) for o in outputs] == expected
    assert all(np.isfinite(o).all() for o in outputs)


# float32 weights differ by 6e-5 at most; mobilefacenet, dlib_resnet and age are stored rounded to float16.
@pytest.mark.parametrize(
    "name, tolerances",
    [
        ("blazeface", (1e-3, 1e-3)),
        ("facemesh", (1e-3, 1e-3)),
        ("mobilefacenet", (0.06, 0.12)),
        ("dlib_resnet", (5e-4,)),
        ("age", (0.05,)),
    ],
)
def test_bundled_weights_give_the_outputs_of_the_original_graph(name, tolerances):
    outputs, expected = bundled_outputs(name), reference(name)
    assert len(outputs) == len(expected) == len(tolerances)
    for output, right, tolerance in zip(outputs, expected, tolerances):
        assert output.shape == right.shape
        assert np.abs(output - right).max() <= tolerance
        assert np.abs(right).max() > 100 * tolerance  # the comparison means something


def test_mobilefacenet_in_half_precision_keeps_the_direction_of_the_embedding():
    (embedding, _), (right, _) = bundled_outputs("mobilefacenet"), reference("mobilefacenet")
    assert (embedding * right).sum() / np.linalg.norm(embedding) / np.linalg.norm(right) > 0.99999


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_weights_are_frozen_half_and_described(name):
    layer = create_model(name, weights="bundled")
    assert not layer.training and all(p.stop_gradient for p in layer.parameters())
    path, card = bundled(name), read_card(bundled(name))
    assert card["sha256"] == sha256(path) and card["bytes"] == path.stat().st_size and card["name"] == name
    assert card["parameters"] == sum(int(np.prod(p.shape)) for p in layer.state_dict().values())
    assert card["stored_as"] == "float16" and card["bytes"] < 2 * card["parameters"] + 20_000
    for key in ("origin", "licence", "licence_note", "input", "outputs", "verified"):
        assert card[key], key
    assert card["origin"]["url"].startswith("https://")


def test_gradients_reach_the_picture_through_the_frozen_encoder():
    layer = create_model("mobilefacenet", weights="bundled")
    x = paddle.to_tensor(network_input("mobilefacenet", REFERENCE["face"][None]), stop_gradient=False)
    embedding, _ = layer(x)
    embedding.square().sum().backward()
    assert float(x.grad.abs().mean()) > 0


@pytest.mark.parametrize(
    "size, kernel, stride, expected",
    [(112, 3, 2, (0, 1)), (113, 3, 2, (1, 1)), (128, 5, 2, (1, 2)), (56, 3, 1, (1, 1))],
)
def test_same_padding_is_tensorflows(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected


@pytest.mark.parametrize("stride", [1, 2])
def test_same_layers_equal_a_padded_convolution(stride):
    paddle.seed(1)
    x = paddle.randn([2, 4, 12, 12])
    padded = F.pad(x, [1, 1, 1, 1] if stride == 1 else [0, 1, 0, 1])
    full, depthwise = SameConv2D(4, 6, 3, stride), SameDepthwise(4, 3, stride)
    np.testing.assert_allclose(full(x), F.conv2d(padded, full.weight, full.bias, stride), atol=1e-5)
    np.testing.assert_allclose(
        depthwise(x), F.conv2d(padded, depthwise.weight, depthwise.bias, stride, groups=4), atol=1e-5
    )


def test_squeezenet_reads_rgb_and_stops_at_its_last_tap():
    paddle.seed(2)
    first, all_taps = (
        create_model("squeezenet", taps=("fire2",)),
        create_model("squeezenet", taps=("fire9", "fire2", "fire5")),
    )
    all_taps.set_state_dict(first.state_dict())
    first.fire3.forward = None  # would raise if it were called
    x = np.random.default_rng(3).uniform(0, 1, (1, 3, 96, 80)).astype(np.float32)
    outputs = run(all_taps, x)
    assert [o.shape[1] for o in outputs] == [512, 128, 256]
    np.testing.assert_array_equal(run(first, x)[0], outputs[1])
    bgr = paddle.to_tensor(x[:, ::-1] * 255 - np.array([104, 117, 123], np.float32).reshape(1, 3, 1, 1))
    stem = F.max_pool2d(F.relu(F.conv2d(bgr, first.conv1.weight, first.conv1.bias, 2)), 3, 2, ceil_mode=True)
    np.testing.assert_allclose(first.fire2(stem), outputs[1], rtol=1e-4, atol=1e-3)


def test_squeezenet_refuses_an_unknown_tap():
    with pytest.raises(UserError, match="fire12"):
        create_model("squeezenet", taps=("fire12",))


def public_arcface_layout():
    """Names and shapes of the public arcface.pdparams, written out from its structure."""
    layout = {}

    def norm(name, channels):
        layout.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "_mean", "_variance")})

    layout["conv1.weight"], layout["prelu._weight"] = (64, 3, 3, 3), (1,)
    norm("bn1", 64)
    inside = 64
    for number, (channels, count) in enumerate(((64, 3), (128, 4), (256, 23), (512, 3)), 1):
        for index in range(count):
            block = f"layer{number}.{index}"
            before = inside if index == 0 else channels
            norm(f"{block}.bn0", before)
            layout[f"{block}.conv1.weight"] = (before, before, 3, 3)
            norm(f"{block}.bn1", before)
            layout[f"{block}.prelu._weight"] = (1,)
            layout[f"{block}.conv2.weight"] = (channels, before, 3, 3)
            norm(f"{block}.bn2", channels)
            if index == 0 and number > 1:
                layout[f"{block}.downsample.0.weight"] = (channels, before, 1, 1)
                norm(f"{block}.downsample.1", channels)
            layout.update(
                {
                    f"{block}.se.fc.0.weight": (channels, channels // 16),
                    f"{block}.se.fc.0.bias": (channels // 16,),
                    f"{block}.se.fc.1._weight": (1,),
                    f"{block}.se.fc.2.weight": (channels // 16, channels),
                    f"{block}.se.fc.2.bias": (channels,),
                }
            )
        inside = channels
    norm("bn2", 512)
    layout["fc.weight"], layout["fc.bias"] = (512 * 7 * 7, 512), (512,)
    norm("bn3", 512)
    return layout


def test_public_arcface_file_loads_strictly_and_runs(tmp_path):
    layout = public_arcface_layout()
    size = 4 * sum(int(np.prod(shape)) for shape in layout.values())
    assert 0 < 209_017_341 - size < 100 * len(layout)  # the public file: its numbers, and names around them
    rng = np.random.default_rng(4)
    state = {}
    for name, shape in layout.items():
        if name.endswith("_variance"):
            state[name] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
        elif len(shape) > 1:
            inputs = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
            state[name] = rng.standard_normal(shape, np.float32) * np.float32(inputs**-0.5)
        else:
            state[name] = rng.uniform(0.2, 0.3, shape).astype(np.float32)
    path = tmp_path / "arcface.pdparams"
    paddle.save(state, str(path))
    del state
    layer = load_into(IRSEResNet(), path)
    x = rng.standard_normal((2, 3, 112, 112), np.float32)
    embedding, feature = run(layer, x)
    assert embedding.shape == (2, 512) and feature.shape == (2, 512, 7, 7)
    assert np.isfinite(embedding).all() and np.abs(embedding[0] - embedding[1]).max() > 1e-3
    names = {name: tuple(value.shape) for name, value in layer.state_dict().items()}
    assert names == layout
