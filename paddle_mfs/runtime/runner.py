"""What all engines have in common: programs made when they are first needed, batches, threads."""

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

Shape = tuple[int, ...]
Engine = Callable[[np.ndarray], list[np.ndarray]]

_making = threading.Lock()  # making a program changes Paddle's global state


class Runner:
    """Callable: (N, C, H, W) float32 numpy array -> list of numpy arrays (N, ...), which the caller may keep.

    One program is made for each size of picture and run picture by picture: the number of pictures may change from call
    to call, and on one core a batch costs what its pictures cost.

    Args:
        save: callable (shape (1, C, H, W), folder) that writes a Paddle inference program -> path of its .pdmodel.
        engine: "openvino", "paddle" or "lite".
        threads: of the engine.
    """

    def __init__(self, save: Callable[[Shape, Path], Path], engine: str, threads: int):
        self.engine = engine
        self._save, self._threads = save, threads
        self._programs: dict[Shape, Engine] = {}
        self._lock = threading.Lock()

    def __call__(self, x: np.ndarray) -> list[np.ndarray]:
        x = np.ascontiguousarray(x, np.float32)
        with self._lock:
            shape = (1, *x.shape[1:])
            if shape not in self._programs:
                self._programs[shape] = self._make(shape)
            outputs = [self._programs[shape](one[None]) for one in x]
        return outputs[0] if len(outputs) == 1 else [np.concatenate(parts) for parts in zip(*outputs)]

    def _make(self, shape):
        with _making, tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
            return _engine(self.engine)(self._save(shape, Path(folder)), self._threads)


def _engine(name):
    """The engine: callable (path of a .pdmodel, threads) -> callable (array -> list of arrays)."""
    if name == "openvino":
        from paddle_mfs.runtime.openvino import OpenVINORunner

        return OpenVINORunner
    if name == "paddle":
        from paddle_mfs.runtime.paddle import PaddleRunner

        return PaddleRunner
    if name == "lite":
        from paddle_mfs.runtime.lite import run_program

        return run_program
    raise ValueError(f"runtime.PACKAGES has the engine {name!r}, what runs it is not named here")
