"""Where a training step stopped being finite."""

import paddle

from paddle_mfs.ops.layers import STATISTICS


def is_finite(tensor):
    return bool(paddle.isfinite(tensor).all())


def not_finite_weight(layer):
    """Name of the first entry of a layer's state that holds NaN or infinity, or None."""
    return next((name for name, value in layer.state_dict().items() if not is_finite(value)), None)


def not_finite_layer(layers, loss):
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
    found = []

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
