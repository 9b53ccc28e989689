"""Run a Paddle layer on numpy arrays as it is, without gradients."""


class DygraphRunner:
    """Callable: float32 numpy array in, list of numpy arrays out."""

    def __init__(self, layer):
        self.layer = layer
        layer.eval()

    def __call__(self, x):
        import paddle
        with paddle.no_grad():
            outputs = self.layer(paddle.to_tensor(x))
        return [t.numpy() for t in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
