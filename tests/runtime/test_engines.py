"""Every engine gives the pixels of dygraph, on every network the swap runs."""

import functools
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import paddle.nn as nn
import pytest

from paddle_mfs.export.check import reference
from paddle_mfs.face.align import align
from paddle_mfs.face.image import read_image
from paddle_mfs.graph.idn_runner import idn_runner
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime import choose, make_runner
from paddle_mfs.utils.errors import UserError
from tests.conftest import difference

NAMES = ("openvino", "paddle", "lite")
TOLERANCE = 1e-3
SIZES = {"blazeface": 128, "facemesh": 192, "encoder": 112, "arcface": 112, "idn": 224, "mobile": 224}


@pytest.fixture(scope="module")
def pictures(swapper, samples):
    """size -> (2, 3, size, size) float32 in [0, 1]: the heads of two generated adults."""
    images = [read_image(samples / name) for name in ("source.jpg", "target.jpg")]
    fives = [swapper.analyser.largest(image).five for image in images]

    def make(size):
        crops = np.stack([align(image, five, size)[0] for image, five in zip(images, fives)])
        return np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32) / 255

    return make


def _arcface(x):
    """The public encoder, which is not bundled, with random weights and the batch norms of the pictures x."""
    network = create_model("arcface")
    norms = [layer for layer in network.sublayers() if isinstance(layer, nn.BatchNorm2D)]
    for layer in norms:
        layer._momentum = 0.0
        layer.weight.set_value(paddle.full(layer.weight.shape, 0.5))
    network.dropout.p = 0.0
    with paddle.no_grad():
        network(paddle.to_tensor(x))
    return network


def _mobile(idn):
    """The mobile variant with the weights of another."""
    network = IDN(mobile=True)
    network.set_state_dict(idn.state_dict())
    return network


@pytest.fixture(scope="module")
def network(swapper, pictures):
    """name -> layer."""
    made = {
        "idn": lambda: swapper.identity.idn,
        "mobile": lambda: _mobile(swapper.identity.idn),
        "encoder": lambda: FaceEmbedder(create_model("mobilefacenet", weights="bundled")),
        "arcface": lambda: _arcface(pictures(112)),
    }

    @functools.lru_cache(None)
    def make(name):
        layer = made[name]() if name in made else create_model(name, weights="bundled")
        layer.eval()
        return layer

    return make


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "arcface" else name for name in SIZES]
)
@pytest.mark.parametrize("engine", NAMES)
def test_same_pixels(engine, name, network, pictures):
    layer, x = network(name), pictures(SIZES[name])
    wanted = reference(layer, x)
    run = (idn_runner if isinstance(layer, IDN) else make_runner)(layer, engine)
    assert difference(run(x), wanted) <= TOLERANCE
    assert difference(run(x[1:]), [value[1:] for value in wanted]) <= TOLERANCE, "the number of pictures may change"
    assert difference(wanted, [value[::-1] for value in wanted]) > 10 * TOLERANCE, (
        "the pictures must tell wrong from right"
    )


@pytest.mark.parametrize("engine", NAMES)
def test_what_is_returned_may_be_kept(engine, network, pictures, tmp_path, monkeypatch):
    """The next run does not write into it; the files it took are gone; the array given stays as it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run, x = idn_runner(network("idn"), engine, threads=1), pictures(64)
    before, first = x.copy(), run(x[:1])
    kept = [value.copy() for value in first]
    second = run(x[1:])
    assert difference(first, kept) == 0 < difference(first, second)
    second[0][:] = 0
    assert difference(run(x[1:])[:1], second[:1]) > 0.1 and (x == before).all()
    assert not list(tmp_path.iterdir())
    view = np.ascontiguousarray(x[:1].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    assert difference(run(view.astype(np.float64)), kept) == 0, "memory order and precision of the input do not matter"


@pytest.mark.parametrize("engine", NAMES)
def test_runners_in_threads(engine, network, pictures):
    """Different runners, not yet compiled, and one shared by all, called at once."""
    detector, x = pictures(128) * 2 - 1, pictures(64)
    runners = [(idn_runner(network("idn"), engine), x), (make_runner(network("blazeface"), engine), detector)]
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda pair: pair[0](pair[1]), runners * 8))
    for number, (run, x) in enumerate(runners):
        wanted = run(x)
        assert all(difference(output, wanted) == 0 for output in outputs[number::2])


@pytest.mark.parametrize(
    "package, engine, remedy",
    [("openvino", "openvino", "pip install openvino"), ("paddlelite", "lite", "pip install paddlelite==2.13rc0")],
)
def test_missing_package_is_told(package, engine, remedy, network, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(UserError, match=f"^{package} is not installed; {remedy}") as told:
        make_runner(network("blazeface"), engine)
    assert "\n" not in str(told.value)


def test_auto_is_the_fastest_there_is(monkeypatch):
    assert choose() == choose("auto") == "openvino"
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert choose("auto") == "paddle"


def test_unknown_engine(network):
    for make in (make_runner, idn_runner):
        with pytest.raises(UserError, match="no engine named 'abacus'; choose auto, openvino, paddle, lite$"):
            make(network("blazeface"), "abacus")


def test_instance_norm_is_recorded_in_operators_that_openvino_reads():
    norm = nn.InstanceNorm2D(3)
    norm.scale.set_value(paddle.to_tensor([1.0, -2.0, 0.5]))
    norm.bias.set_value(paddle.to_tensor([0.0, 3.0, -1.0]))
    x = np.random.default_rng(0).normal(2, 5, (1, 3, 8, 8)).astype(np.float32)
    [output] = make_runner(norm, "openvino")(x)
    assert np.abs(output - norm(paddle.to_tensor(x)).numpy()).max() < 1e-5
