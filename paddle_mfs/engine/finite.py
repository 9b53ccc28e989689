"""When a training step stops being finite, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import paddle
import paddle.nn as nn

from paddle_mfs.ops.layers import STATISTICS


class FiniteWatch:
    """Notices when the numbers of a training run stop being finite.

    On a CPU they are read in every step, before the weights move: reading costs nothing there. On a GPU the host would
    have to wait for the device in each step, so they are added up on it (what is not finite stays so in a sum) and read
    every `every` steps. The weights may have gone wrong by then; but no checkpoint is written of weights that are not
    finite, so those to go on from are the last checkpoint's.
    """

    def __init__(self, every: int):
        self.every = 1 if paddle.device.get_device() == "cpu" else every
        self._sum = paddle.zeros([])

    def add(self, *values: paddle.Tensor) -> None:
        """Scalars of a step."""
        self._sum = paddle.add_n([self._sum, *(value.detach().astype("float32") for value in values)])

    def is_due(self, step: int) -> bool:
        """Is it time to read them?"""
        return step % self.every == 0

    def went_wrong(self) -> bool:
        """Was any number since the last call not finite? Reads the device."""
        total, self._sum = self._sum, paddle.zeros([])
        return not is_finite(total)


def is_finite(tensor: paddle.Tensor) -> bool:
    """Are all values of a tensor finite? Reads the device."""
    return bool(paddle.isfinite(tensor).all())


def not_finite_weight(layer: nn.Layer) -> str | None:
    """Name of the first entry of a layer's state that holds NaN or infinity, or None."""
    return next((name for name, value in layer.state_dict().items() if not is_finite(value)), None)


def not_finite_layer(layers: Mapping[str, nn.Layer], loss: Callable[[], paddle.Tensor]) -> str | None:
    """Compute a loss and its gradients again, watching every layer -> what is not finite first, in words, or None.

    Args:
        layers: {name: paddle Layer} that take part.
        loss: computes the loss with them -> scalar. Gradients are added up as in any backward pass.
    """
    for prefix, layer in layers.items():
        for name, value in layer.named_parameters():
            # The running statistics of a batch norm have seen what went wrong behind them in the step itself.
            if not name.endswith(STATISTICS) and not is_finite(value):
                return f"the weight {prefix}.{name}"
    found: list[str] = []

    def look(tensor, words):
        if not found and not is_finite(tensor):
            found.append(words)

    def watch(name):
        def after(layer, inputs, outputs):
            for tensor in outputs if isinstance(outputs, (tuple, list)) else [outputs]:
                if isinstance(tensor, paddle.Tensor):
                    look(tensor, f"the output of {name}")
                    if not tensor.stop_gradient:
                        tensor.register_hook(lambda gradient: look(gradient, f"the gradient at the output of {name}"))

        return after

    hooks = [
        sublayer.register_forward_post_hook(watch(f"{prefix}.{name}"))
        for prefix, layer in layers.items()
        for name, sublayer in layer.named_sublayers()
    ]
    try:
        value = loss()
        look(value, "the loss, though the output of every layer is finite")
        if not found:
            value.backward()
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else None
