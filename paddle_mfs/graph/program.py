"""Nodes -> a Paddle inference program, written once and fused by construction.

Built through paddle.static, where a convolution's bias is a parameter of one dimension: dygraph adds it through a
reshape and a 4-D addition, which no Paddle-Lite fusion recognises.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from paddle_mfs.graph.nodes import INPUT, RESULTS, SHAPE, Node

NAME = "idn"


def static_mode() -> AbstractContextManager:
    """A context in which this thread builds and runs programs.

    (`paddle.enable_static` does nothing outside the main thread.)
    """
    from paddle.base.framework import _dygraph_guard

    return _dygraph_guard(None)


def _parameters(node):
    """Weight and bias of a convolution for paddle.static.nn."""
    import paddle

    def attribute(name):
        value, initial = node.settings[name], paddle.nn.initializer.Assign
        return False if value is None else paddle.ParamAttr(f"{node.output}.{name}", initial(value), trainable=False)

    return {"param_attr": attribute("weight"), "bias_attr": attribute("bias")}


def _conv(x, node):
    import paddle

    s = node.settings
    depthwise = s["groups"] > 1  # without cuDNN Paddle writes depthwise_conv2d, as dygraph does
    return paddle.static.nn.conv2d(
        x,
        len(s["weight"]),
        s["weight"].shape[2],
        s["stride"],
        s["padding"],
        groups=s["groups"],
        use_cudnn=not depthwise,
        **_parameters(node),
    )


def _transposed(x, node):
    import paddle

    s = node.settings
    return paddle.static.nn.conv2d_transpose(
        x,
        len(s["weight"]),
        filter_size=s["weight"].shape[2],
        stride=2,
        padding=s["padding"],
        groups=len(s["weight"]),
        use_cudnn=False,
        **_parameters(node),
    )


def _norm(x, node):
    import paddle

    names = {"param": "weight", "bias": "bias"}
    attributes = {
        f"{key}_attr": paddle.ParamAttr(f"{node.output}.{name}", paddle.nn.initializer.Assign(node.settings[name]))
        for key, name in names.items()
    }
    return paddle.static.nn.batch_norm(
        x,
        epsilon=node.settings["epsilon"],
        is_test=True,
        use_global_stats=True,
        moving_mean_name=f"{node.output}.mean",
        moving_variance_name=f"{node.output}.variance",
        **attributes,
    )


def _reshape(x, factors):
    import paddle

    return paddle.reshape(x, [x.shape[0], *(int(size * factor) for size, factor in zip(x.shape[1:], factors))])


def _operators():
    """kind -> function (paddle variables, node) -> paddle variable."""
    import paddle
    import paddle.nn.functional as F

    from paddle_mfs.ops.resample import upsample2x

    return {
        "conv": lambda x, node: _conv(x[0], node),
        "transposed": lambda x, node: _transposed(x[0], node),
        "norm": lambda x, node: _norm(x[0], node),
        "leaky_relu": lambda x, node: F.leaky_relu(x[0], node.settings["slope"]),
        "relu": lambda x, node: F.relu(x[0]),
        "tanh": lambda x, node: F.tanh(x[0]),
        "sigmoid": lambda x, node: F.sigmoid(x[0]),
        "upsample": lambda x, node: upsample2x(x[0], **node.settings),
        "shuffle": lambda x, node: F.pixel_shuffle(x[0], 2),
        "concat": lambda x, node: paddle.concat(x, node.settings.get("axis", 1)),
        "reshape": lambda x, node: _reshape(x[0], node.settings["factors"]),
        "transpose": lambda x, node: paddle.transpose(x[0], [0, 1, 3, 2]),
        "add": lambda x, node: paddle.add(*x),
        "subtract": lambda x, node: paddle.subtract(*x),
        "multiply": lambda x, node: paddle.multiply(*x),
        "scale": lambda x, node: paddle.scale(x[0], node.settings["factor"], node.settings["offset"]),
        "detach": lambda x, node: x[0].detach(),
    }


class Program:
    """A static program of the nodes with its own weights. Dygraph stays as it was.

    Args:
        nodes: from `read_idn`, rewritten or not.
        shape: of the input `image`, (1, 3, S, S) float32 RGB in [0, 1].
    """

    def __init__(self, nodes: list[Node], shape: Sequence[int] = SHAPE):
        import paddle

        self.program, start, self.scope = paddle.static.Program(), paddle.static.Program(), paddle.static.Scope()
        with (
            static_mode(),
            paddle.static.scope_guard(self.scope),
            paddle.static.program_guard(self.program, start),
            paddle.utils.unique_name.guard(),
        ):
            operators, self.variables = _operators(), {INPUT: paddle.static.data(INPUT, list(shape), "float32")}
            for node in nodes:
                self.variables[node.output] = operators[node.kind]([self.variables[name] for name in node.inputs], node)
            self.executor = paddle.static.Executor(paddle.CPUPlace())
            self.executor.run(start)
            for node in nodes:
                for name in ("mean", "variance") if node.kind == "norm" else ():
                    self.scope.find_var(f"{node.output}.{name}").get_tensor().set(
                        node.settings[name], paddle.CPUPlace()
                    )

    def run(self, x: np.ndarray, names: Sequence[str] = RESULTS) -> list[np.ndarray]:
        """float32 array of the input's shape -> list of arrays, the values called `names`."""
        import paddle

        with static_mode(), paddle.static.scope_guard(self.scope):
            return self.executor.run(self.program, feed={INPUT: x}, fetch_list=[self.variables[name] for name in names])

    def save(self, folder: str | Path) -> Path:
        """Write `folder`/idn.pdmodel and idn.pdiparams beside it, outputs in the order of OUTPUTS -> the .pdmodel."""
        import paddle

        with static_mode(), paddle.static.scope_guard(self.scope), paddle.utils.unique_name.guard():
            paddle.static.save_inference_model(
                str(Path(folder) / NAME),
                [self.variables[INPUT]],
                [self.variables[name] for name in RESULTS],
                self.executor,
                program=self.program.clone(),
            )
        return Path(folder) / f"{NAME}.pdmodel"
