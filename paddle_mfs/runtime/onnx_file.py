"""A network that somebody brings in an .onnx file, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddle_mfs.utils.errors import UserError

PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def open_onnx(path: str | Path, setting: str, gpu: bool = False, threads: int | None = None) -> Any:
    """An `onnxruntime.InferenceSession` of a file.

    Args:
        setting: that names the file, such as recogniser.weights; errors begin with it.
        gpu: use one where this onnxruntime can.
        threads: to compute with; None: one a core.

    Raises UserError when onnxruntime is not installed, and for a file that is not there or does not load.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError(f"{setting}: {path}: needs onnxruntime to be read; pip install onnxruntime") from None
    if not Path(path).is_file():
        raise UserError(f"{setting}: {path}: no such file; give an .onnx file")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = threads or 0
    providers = [name for name in PROVIDERS[0 if gpu else 1 :] if name in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(str(path), settings, providers=providers)
    except Exception as error:  # onnxruntime's own exceptions have no common base
        raise UserError(
            f"{setting}: {path}: onnxruntime cannot load it ({in_short(error)}); give an .onnx file that is whole"
        ) from None


def in_short(error: Exception) -> str:
    """The beginning of what onnxruntime says of an error, in one line."""
    return " ".join(str(error).split())[:120]
