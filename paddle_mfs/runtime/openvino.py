"""Run a Paddle layer through OpenVINO: several times faster than dygraph on a CPU for small networks.

The layer is traced once per input shape, saved as a Paddle inference program in a temporary folder and read back by OpenVINO
(https://docs.openvino.ai, Paddle frontend), in single precision.
"""
import contextlib
import importlib.util
import tempfile
from pathlib import Path

THREADS = 2      # small networks gain nothing from more


def is_available():
    """Whether the `openvino` package is installed."""
    return importlib.util.find_spec("openvino") is not None


class OpenVINORunner:
    """Callable: float32 numpy array in, list of numpy arrays out. Agrees with dygraph to single precision.

    Args:
        layer: a Paddle Layer whose forward takes one tensor and returns one or several.
    """

    def __init__(self, layer):
        self.layer = layer
        layer.eval()
        self._requests = {}

    def __call__(self, x):
        if x.shape not in self._requests:
            self._requests[x.shape] = _compile(self.layer, x.shape)
        results = self._requests[x.shape].infer([x])
        return [value.copy() for value in results.values()]    # the request reuses its buffers


class ProgramRunner:
    """Callable like OpenVINORunner, of a saved Paddle inference program.

    Args:
        path: the .pdmodel; its .pdiparams lies beside it.
    """

    def __init__(self, path, threads=THREADS):
        self._request = _read(path, threads)

    def __call__(self, x):
        return [value.copy() for value in self._request.infer([x]).values()]


def _compile(layer, shape):
    """An OpenVINO infer request of the layer for this input shape."""
    with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
        path = Path(folder) / "net"
        _save_program(layer, shape, path)
        return _read(path.with_suffix(".pdmodel"), THREADS)


def _read(program, threads):
    """An OpenVINO infer request of a .pdmodel."""
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(program)), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    return compiled.create_infer_request()


def _save_program(layer, shape, path):
    """`paddle.jit.save` the layer for a fixed shape. Traced as it runs, which is quicker than rewriting its source."""
    import paddle

    class Traced(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.layer = layer

        @paddle.jit.not_to_static
        def forward(self, x):
            return self.layer(x)

    spec = paddle.static.InputSpec(list(shape), "float32")
    with _prelu_as_relu(layer):
        traced = paddle.jit.to_static(Traced(), input_spec=[spec], full_graph=True)
        paddle.jit.save(traced, str(path))


@contextlib.contextmanager
def _prelu_as_relu(layer):
    """While tracing, PReLU is written as relu(x) - slope * relu(-x): OpenVINO's Paddle reader has no prelu."""
    from paddle_mfs.models.layers import FrozenPReLU
    import paddle.nn.functional as F

    def rewritten(prelu):
        return lambda x: F.relu(x) - prelu.weight.reshape([1, -1] + [1] * (x.ndim - 2)) * F.relu(-x)

    changed = [sub for sub in layer.sublayers(include_self=True) if isinstance(sub, FrozenPReLU)]
    for prelu in changed:
        prelu.forward = rewritten(prelu)
    try:
        yield
    finally:
        for prelu in changed:
            del prelu.forward
