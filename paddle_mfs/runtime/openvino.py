"""OpenVINO: the fastest engine on a CPU.

It reads Paddle's programs itself (https://docs.openvino.ai, Paddle frontend).
"""

from pathlib import Path
from typing import Any

import numpy as np


def cpu_settings(threads: int) -> dict[str, Any]:
    """How OpenVINO runs a network on the CPU: in single precision on any processor, by whichever core is free."""
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",  # or it is bfloat16 where the processor has that
        "ENABLE_CPU_PINNING": False,  # or every process computes on the first core, and two wait for each other
    }


class OpenVINORunner:
    """A .pdmodel run by OpenVINO in single precision: (1, C, H, W) float32 -> list of arrays.

    Args:
        program: path of the .pdmodel; its .pdiparams lies beside it. Neither is read again afterwards.
    """

    def __init__(self, program: str | Path, threads: int = 1):
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(core.read_model(str(program)), "CPU", cpu_settings(threads))
        self._request = compiled.create_infer_request()

    def __call__(self, x: np.ndarray) -> list[np.ndarray]:
        return [value.copy() for value in self._request.infer([x]).values()]  # the request reuses its buffers
