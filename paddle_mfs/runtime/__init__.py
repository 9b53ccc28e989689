"""Engines that run a network on numpy arrays, all to the same pixels.

    runner.py   one network: a program for each size of picture, batches picture by picture
    trace.py    a dygraph layer -> a Paddle inference program that every engine can read
    program_cache.py    such programs, kept between runs
    openvino.py, paddle.py, lite.py     the engines: program -> callable, (1, C, H, W) float32 -> list of arrays
    onnx_file.py    networks that users bring; onnxruntime reads those itself

Different runners may be called from different threads at the same time; so may one, its calls then wait for each other.
OpenVINO and Paddle compute at the same time as Python's other threads, Paddle-Lite does not.
A program is made when a runner first sees its size of picture (a second or so). That takes Paddle out of its dygraph
mode for a moment: runners wait for each other there, but no other thread may run Paddle itself meanwhile.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from paddle_mfs.utils.cores import cores
from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    import paddle

    from paddle_mfs.runtime.runner import Runner

# engine -> package it needs, how to get that
PACKAGES = {
    "openvino": ("openvino", "pip install openvino"),
    "paddle": ("paddle", "pip install paddlepaddle==2.6.2"),
    "lite": ("paddlelite", "pip install paddlelite==2.13rc0 (Python 3.8 or 3.10)"),
}
ENGINES = ("auto", *PACKAGES)
# Small networks gain nothing from more than two; where a clip's stages have no core each, the second costs more than
# it gives.
THREADS = 2 if cores() > 4 else 1


def choose(engine: str = "auto") -> str:
    """The engine to use: "auto" is OpenVINO where it is installed, else Paddle Inference.

    Raises: UserError for an unknown engine, or one whose package is not installed.
    """
    if engine not in ENGINES:
        raise UserError(f"no engine named {engine!r}; choose {', '.join(ENGINES)}")
    if engine == "auto":
        return "openvino" if _is_installed("openvino") else "paddle"
    package, remedy = PACKAGES[engine]
    if not _is_installed(engine):
        raise UserError(f"{package} is not installed; {remedy}")
    return engine


def _is_installed(engine):
    return importlib.util.find_spec(PACKAGES[engine][0]) is not None


def make_runner(
    layer: paddle.nn.Layer,
    engine: str = "auto",
    threads: int | None = None,
    name: str | None = None,
    weights: str | None = None,
) -> Runner:
    """A callable that runs a Paddle layer.

    Returns: callable, (N, C, H, W) float32 numpy array -> list of arrays (N, ...), the caller's to keep.

    Args:
        layer: its forward takes one tensor and returns one or several. It is put into eval mode and must not change
            afterwards.
        engine: "openvino", "paddle" (Paddle Inference), "lite" (Paddle-Lite x86) or "auto", see `choose`.
        threads: how many the engine may compute with; None: `THREADS`. Paddle-Lite takes one.
        name, weights: what the layer is called and the SHA-256 of its weights, when they determine it: its program is
            then kept between runs, see `program_cache`.
    Raises: UserError, see `choose`.
    """
    from paddle_mfs.runtime.program_cache import cached
    from paddle_mfs.runtime.runner import Runner
    from paddle_mfs.runtime.trace import save_layer

    layer.eval()

    def save(shape: tuple[int, ...], folder: Path) -> Path:
        return save_layer(layer, shape, folder)

    return Runner(cached(save, name, weights) if name and weights else save, choose(engine), threads or THREADS)
