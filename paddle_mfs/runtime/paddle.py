"""Paddle Inference: runs wherever Paddle does."""

from pathlib import Path

import numpy as np


class PaddleRunner:
    """A .pdmodel run by Paddle Inference on the CPU: (1, C, H, W) float32 -> list of arrays.

    Args:
        program: path of the .pdmodel; its .pdiparams lies beside it. Neither is read again afterwards.
    """

    def __init__(self, program: str | Path, threads: int = 1):
        from paddle import inference

        config = inference.Config(str(program), str(Path(program).with_suffix(".pdiparams")))
        config.disable_glog_info()
        config.disable_gpu()
        config.set_cpu_math_library_num_threads(threads)
        self._predictor = inference.create_predictor(config)
        [self._input_name], self.output_names = self._predictor.get_input_names(), self._predictor.get_output_names()

    def __call__(self, x: np.ndarray) -> list[np.ndarray]:
        self._predictor.get_input_handle(self._input_name).copy_from_cpu(x)
        self._predictor.run()
        return [self._predictor.get_output_handle(name).copy_to_cpu() for name in self.output_names]
