"""Engines that run a network on numpy arrays; one engine a file."""
from paddle_mfs.errors import UserError

ENGINES = ("auto", "openvino", "paddle")


def make_runner(layer, engine="auto"):
    """A callable, numpy array -> list of numpy arrays, that runs a Paddle layer.

    Args:
        engine: "openvino", "paddle" (dygraph), or "auto": OpenVINO where it is installed, else Paddle.
    """
    if engine not in ENGINES:
        raise UserError(f"no engine named {engine!r}; choose {', '.join(ENGINES)}")
    from paddle_mfs.runtime import openvino
    from paddle_mfs.runtime.dygraph import DygraphRunner
    if engine == "openvino" and not openvino.is_available():
        raise UserError("engine 'openvino': the package is not installed; run `pip install openvino` or choose engine paddle")
    if engine == "paddle" or not openvino.is_available():
        return DygraphRunner(layer)
    return openvino.OpenVINORunner(layer)
