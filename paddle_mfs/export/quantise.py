"""One 8-bit graph: post-training static quantisation to int8.

Paddle's PostTrainingQuantization does it, the class PaddleSlim's quant_post_static calls:
https://www.paddlepaddle.org.cn/documentation/docs/en/2.6/api/paddle/static/quantization/PostTrainingQuantization_en.html
Weights get one scale a channel; an activation's scale is its largest value, averaged over the calibration crops.

The quantised program is run here by Paddle, which rounds to 8 bits and computes in float: a simulation. Paddle-Lite's
own integer kernels are not run.
"""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.graph.nodes import INPUT, Node
from paddle_mfs.graph.program import NAME, Program, static_mode
from paddle_mfs.runtime.lite import quiet

METHOD = "avg"
CONVOLUTIONS = ("conv2d", "depthwise_conv2d")


def layers_of(nodes: list[Node]) -> list[str]:
    """Names of the convolutions that int8 is for."""
    return [node.output for node in nodes if node.kind == "conv" and not node.settings.get("in_float")]


def left_in_float(nodes: list[Node]) -> list[str]:
    """Names of the convolutions that int8 would not make cheaper (`upsampling.outputs_as_copies`)."""
    return [node.output for node in nodes if node.kind == "conv" and node.settings.get("in_float")]


def quantise(
    nodes: list[Node],
    folder: str | Path,
    images: np.ndarray,
    operators: Sequence[str] = CONVOLUTIONS,
    kept: Iterable[str] = (),
    method: str = METHOD,
    **options: Any,
) -> Path:
    """Write nodes as a program that rounds to int8, as Paddle-Lite's opt reads it.

    Args:
        folder: gets idn.pdmodel and idn.pdiparams.
        images: (N, 3, S, S) float32 in [0, 1], real crops to take the ranges from.
        operators: Paddle's names of the operators to quantise.
        kept: names of convolutions that stay in float, besides `left_in_float`.
        method, options: how a range is chosen and other settings of PostTrainingQuantization.
    Returns: path of the program.
    """
    import paddle
    from paddle.static.quantization import PostTrainingQuantization

    scope = paddle.static.Scope()
    with (
        tempfile.TemporaryDirectory(dir=folder) as plain,
        static_mode(),
        paddle.static.scope_guard(scope),
        paddle.static.program_guard(paddle.static.Program()),
        paddle.utils.unique_name.guard(),
        quiet(),
    ):
        Program(nodes, (1, *images.shape[1:])).save(plain)
        feed = paddle.static.data(INPUT, [1, *images.shape[1:]], "float32")
        loader = paddle.io.DataLoader(
            [(image,) for image in images], feed_list=[feed], places=[paddle.CPUPlace()], return_list=False
        )
        quantisation = PostTrainingQuantization(
            paddle.static.Executor(paddle.CPUPlace()),
            plain,
            scope,
            f"{NAME}.pdmodel",
            f"{NAME}.pdiparams",
            data_loader=loader,
            batch_size=1,
            algo=method,
            quantizable_op_type=list(operators),
            skip_tensor_list=[f"{layer}.weight" for layer in (*left_in_float(nodes), *kept)],
            **options,
        )
        quantisation.quantize()
        quantisation.save_quantized_model(str(folder), NAME)
    return Path(folder) / f"{NAME}.pdmodel"


def error(outputs: Iterable[np.ndarray], expected: Iterable[np.ndarray]) -> np.ndarray:
    """Mean squared error crop by crop of two lists of arrays in [0, 1], in 8-bit values -> (N,)."""
    return np.array([np.mean((np.float64(a) - b) ** 2) * 255**2 for a, b in zip(outputs, expected)])
