"""Small layers the networks share, written to be fast on a CPU.

On the CPU, Paddle 2.6 computes a depthwise convolution as one im2col and matrix product per channel, adds biases and
applies PReLU slopes by a slow generic broadcast, runs bilinear upsampling as scalar loops, and leaves matrix products
to an MKL that is slow on AMD's processors. The layers here call compiled kernels (cpu_kernels.py) and products of our
own (cpu_products.py) instead. They equal the Paddle operators they replace (tests/ops/test_layers.py) and step aside
for them on a GPU, for other dtypes and while a program is traced for export.
"""

import contextlib
from collections.abc import Iterator

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle.autograd import PyLayer

from paddle_mfs.ops import cpu_kernels, cpu_products

# how the names of a batch norm's running statistics end; Paddle has them as parameters
STATISTICS = ("._mean", "._variance")


def uniform(fan_in: int) -> nn.initializer.Uniform:
    """Uniform in +-1/sqrt(fan_in), for weights and biases. Paddle's own default is 2.4 times larger, which under Adam
    and before the IIN's batch norms makes every step 2.4 times smaller."""
    return nn.initializer.Uniform(-(fan_in**-0.5), fan_in**-0.5)


_plain = False


@contextlib.contextmanager
def plain_operators() -> Iterator[None]:
    """Within this context Paddle's own operators run: to compare with, and to time against."""
    global _plain
    before, _plain = _plain, True
    try:
        yield
    finally:
        _plain = before


def compiled(*tensors: paddle.Tensor) -> bool:
    """Can and should the compiled kernels take these tensors?"""
    return (
        not _plain
        and paddle.in_dynamic_mode()
        and all(t.place.is_cpu_place() and t.dtype == paddle.float32 for t in tensors)
    )


class _Depthwise(PyLayer):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, before, after):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.before = stride, before
        ctx.wants = [tensor is not None and not tensor.stop_gradient for tensor in (x, weight, bias)]
        ctx.has_bias = bias is not None
        return cpu_kernels.depthwise(x, weight, bias, stride, before, after)

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensor()
        gx = (
            cpu_kernels.depthwise_input_gradient(gradient, weight, x.shape, ctx.stride, ctx.before)
            if ctx.wants[0]
            else None
        )
        gw = (
            cpu_kernels.depthwise_weight_gradient(gradient, x, weight.shape, ctx.stride, ctx.before)
            if ctx.wants[1]
            else None
        )
        gb = cpu_kernels.channel_sums(gradient) if ctx.wants[2] else None
        return (gx, gw, gb) if ctx.has_bias else (gx, gw)


def depthwise_conv2d(
    x: paddle.Tensor,
    weight: paddle.Tensor,
    bias: paddle.Tensor | None = None,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
) -> paddle.Tensor:
    """Depthwise convolution: one kernel a channel, shared by the batch or predicted for each identity in it.

    Args:
        x: (N, C, H, W) float32.
        weight: (C, 1, k, k) for the whole batch, or (G, C, k, k): G identities, each for N/G consecutive samples.
        bias: (C,) or None.
        padding: zeros on every side, or (above and left, below and right).
    Returns: (N, C, H', W').
    """
    before, after = (padding, padding) if isinstance(padding, int) else padding
    shared = weight.shape[1] == 1 and weight.shape[0] == x.shape[1]
    k = weight.shape[-1]
    if compiled(x, weight):
        return _Depthwise.apply(x, weight.reshape([1, -1, k, k]) if shared else weight, bias, stride, before, after)
    if before != after:
        x, before = F.pad(x, [before, after, before, after]), 0
    if shared:
        return F.conv2d(x, weight, bias, stride, before, groups=x.shape[1])
    groups, channels = weight.shape[:2]
    per = x.shape[0] // groups
    stacked = x.reshape([groups, per, channels, *x.shape[2:]]).transpose([1, 0, 2, 3, 4]).flatten(1, 2)
    y = F.conv2d(stacked, weight.reshape([-1, 1, k, k]), None, stride, before, groups=groups * channels)
    y = y.reshape([per, groups, channels, *y.shape[2:]]).transpose([1, 0, 2, 3, 4]).flatten(0, 1)
    return y if bias is None else y + bias.reshape([1, -1, 1, 1])


class DepthwiseConv2D(nn.Layer):
    """`nn.Conv2D(channels, channels, k, groups=channels)` with the fast kernel; same parameter names and shapes."""

    def __init__(self, channels: int, kernel_size: int, stride: int = 1, padding: int | tuple[int, int] = 0):
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = self.create_parameter(
            [channels, 1, kernel_size, kernel_size], default_initializer=uniform(kernel_size**2)
        )
        self.bias = self.create_parameter([channels], is_bias=True)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return depthwise_conv2d(x, self.weight, self.bias, self.stride, self.padding)


class _Conv2D(PyLayer):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.way = stride, padding
        ctx.wants = [not tensor.stop_gradient for tensor in (x, weight, bias)]
        return cpu_products.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensor()
        return (
            cpu_products.conv2d_input_gradient(gradient, weight, x.shape, *ctx.way) if ctx.wants[0] else None,
            cpu_products.conv2d_weight_gradient(gradient, x, weight.shape, *ctx.way) if ctx.wants[1] else None,
            cpu_kernels.channel_sums(gradient) if ctx.wants[2] else None,
        )


class Conv2D(nn.Conv2D):
    """`nn.Conv2D` of square kernels by compiled kernels and matrix products, initialised by `uniform`."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, stride: int = 1, padding: int = 0):
        initial = uniform(inputs * kernel_size**2)
        super().__init__(inputs, outputs, kernel_size, stride, padding, weight_attr=initial, bias_attr=initial)
        self._way = stride, padding

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        if not compiled(x, self.weight):
            return super().forward(x)
        return _Conv2D.apply(x, self.weight, self.bias, *self._way)


class _Matmul(PyLayer):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        ctx.wants = not a.stop_gradient, not b.stop_gradient
        return cpu_products.matmul(a, b)

    @staticmethod
    def backward(ctx, gradient):
        return tuple(cpu_products.matmul_gradients(gradient, *ctx.saved_tensor(), ctx.wants))


def matmul(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """`paddle.matmul` of tensors (..., m, k) and (..., k, n)."""
    return _Matmul.apply(a, b) if compiled(a, b) else paddle.matmul(a, b)


class _FrozenPReLU(PyLayer):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return cpu_kernels.prelu(x, slope)

    @staticmethod
    def backward(ctx, gradient):
        return cpu_kernels.prelu_gradient(*ctx.saved_tensor(), gradient), None


class FrozenPReLU(nn.Layer):
    """PReLU of a fixed network, one slope a channel: its slopes get no gradient."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = self.create_parameter([channels], default_initializer=nn.initializer.Constant(0.25))
        self.weight.stop_gradient = True

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return _FrozenPReLU.apply(x, self.weight) if compiled(x) else F.prelu(x, self.weight)
