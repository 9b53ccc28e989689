"""Compiled kernels (numba) over contiguous float32 paddle tensors on the CPU, without copies: depthwise, sums, PReLU.

Why: see layers.py. Depthwise: each plane (one sample, one channel) is copied once into a zero-padded buffer that stays
in the cache; the loops are specialised by kernel size and stride, so the taps unroll and a row becomes vector
instructions. They run on one thread until `paddle_mfs.ops.threads.use_threads` allows more.
"""

import ctypes
import functools
from collections.abc import Sequence

import numba
import numpy as np
import paddle

jit = functools.partial(numba.njit, cache=True, fastmath=True, nogil=True, parallel=True, boundscheck=False)
numba.set_num_threads(1)  # waiting for a busy core costs more than a second thread gains on single pictures


def view(tensor: paddle.Tensor) -> np.ndarray:
    """A numpy view of a contiguous float32 CPU tensor; valid while the tensor lives."""
    buffer = (ctypes.c_float * tensor.size).from_address(tensor.data_ptr())
    return np.frombuffer(buffer, np.float32).reshape(tensor.shape)


@functools.cache
def _depthwise_kernels(k, stride):
    """(forward, backward_input, backward_weight) of k x k kernels and this stride; `pad`: zeros above and left."""

    @jit
    def forward(x, w, bias, y, pad):
        n, c, height, width = x.shape
        out_h, out_w = y.shape[2:]
        per = n // w.shape[0]
        rows, columns = max(height + pad, (out_h - 1) * stride + k), max(width + pad, (out_w - 1) * stride + k)
        for plane in numba.prange(n * c):
            s, ch = plane // c, plane % c
            padded = np.zeros((rows, columns), np.float32)
            padded[pad : pad + height, pad : pad + width] = x[s, ch]
            taps = w[s // per, ch]
            for r in range(out_h):
                for q in range(out_w):
                    total = bias[ch]
                    for i in range(k):
                        for j in range(k):
                            total += taps[i, j] * padded[r * stride + i, q * stride + j]
                    y[s, ch, r, q] = total

    steps = (k + stride - 1) // stride  # taps an input pixel meets in one direction

    @jit
    def backward_input(g, w, gx, pad):
        n, c, height, width = gx.shape
        out_h, out_w = g.shape[2:]
        per = n // w.shape[0]
        # A gather: padded input pixel u * stride + a meets taps a, a + stride, ... at outputs u, u - 1, ...
        rows, columns = max((height + pad) // stride + 1, out_h), max((width + pad) // stride + 1, out_w)
        for plane in numba.prange(n * c):
            s, ch = plane // c, plane % c
            padded = np.zeros((rows + steps, columns + steps), np.float32)
            padded[steps : steps + out_h, steps : steps + out_w] = g[s, ch]
            taps = np.zeros((steps * stride, steps * stride), np.float32)
            taps[:k, :k] = w[s // per, ch]
            full = np.empty((rows * stride, columns * stride), np.float32)
            for a in range(stride):
                for b in range(stride):
                    for u in range(rows):
                        for v in range(columns):
                            total = np.float32(0)
                            for i in range(steps):
                                for j in range(steps):
                                    total += taps[a + i * stride, b + j * stride] * padded[steps + u - i, steps + v - j]
                            full[u * stride + a, v * stride + b] = total
            gx[s, ch] = full[pad : pad + height, pad : pad + width]

    @jit
    def backward_weight(g, x, gw, pad):
        n, c, height, width = x.shape
        out_h, out_w = g.shape[2:]
        groups = gw.shape[0]
        per = n // groups
        rows, columns = max(height + pad, (out_h - 1) * stride + k), max(width + pad, (out_w - 1) * stride + k)
        for plane in numba.prange(groups * c):
            group, ch = plane // c, plane % c
            padded = np.zeros((rows, columns), np.float32)
            taps = np.zeros((k, k), np.float32)
            for s in range(group * per, (group + 1) * per):
                padded[pad : pad + height, pad : pad + width] = x[s, ch]
                for r in range(out_h):
                    arriving = g[s, ch, r]
                    for i in range(k):
                        line = padded[r * stride + i]
                        for j in range(k):
                            total = np.float32(0)
                            for q in range(out_w):
                                total += arriving[q] * line[q * stride + j]
                            taps[i, j] += total
            gw[group, ch] = taps

    return forward, backward_input, backward_weight


def depthwise(
    x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None, stride: int, before: int, after: int
) -> paddle.Tensor:
    """x (N,C,H,W), weight (G,C,k,k), N a multiple of G, bias (C,) or None, zeros on either side -> (N,C,H',W')."""
    x, weight = x.contiguous(), weight.contiguous()
    k = weight.shape[-1]
    y = paddle.empty([*x.shape[:2], *((size + before + after - k) // stride + 1 for size in x.shape[2:])])
    bias = np.zeros(x.shape[1], np.float32) if bias is None else view(bias)
    _depthwise_kernels(k, stride)[0](view(x), view(weight), bias, view(y), before)
    return y


def depthwise_input_gradient(
    gradient: paddle.Tensor, weight: paddle.Tensor, shape: Sequence[int], stride: int, before: int
) -> paddle.Tensor:
    """Gradient (N,C,H',W') of the output -> gradient of the input, of `shape`."""
    gradient, weight = gradient.contiguous(), weight.contiguous()
    result = paddle.empty(shape)
    _depthwise_kernels(weight.shape[-1], stride)[1](view(gradient), view(weight), view(result), before)
    return result


def depthwise_weight_gradient(
    gradient: paddle.Tensor, x: paddle.Tensor, shape: Sequence[int], stride: int, before: int
) -> paddle.Tensor:
    """Gradient of the output and the input -> gradient of the kernels, of `shape` (G,C,k,k)."""
    gradient, x = gradient.contiguous(), x.contiguous()
    result = paddle.empty(shape)
    _depthwise_kernels(shape[-1], stride)[2](view(gradient), view(x), view(result), before)
    return result


@jit
def _channel_sums(g, sums):
    n, c, m = g.shape
    for ch in numba.prange(c):
        total = np.float32(0)
        for s in range(n):
            for i in range(m):
                total += g[s, ch, i]
        sums[ch] = total


@jit
def _prelu(x, slope, y):
    n, c, m = x.shape
    for plane in numba.prange(n * c):
        s, ch = plane // c, plane % c
        for i in range(m):
            value = x[s, ch, i]
            y[s, ch, i] = value if value > 0 else value * slope[ch]


@jit
def _prelu_gradient(x, slope, g, gx):
    n, c, m = x.shape
    for plane in numba.prange(n * c):
        s, ch = plane // c, plane % c
        for i in range(m):
            gx[s, ch, i] = g[s, ch, i] if x[s, ch, i] > 0 else g[s, ch, i] * slope[ch]


def planes(tensor: paddle.Tensor) -> np.ndarray:
    """(N, C, ...) tensor -> (N, C, M) view."""
    return view(tensor).reshape(*tensor.shape[:2], -1)


def channel_sums(gradient: paddle.Tensor) -> paddle.Tensor:
    """(N,C,...) -> (C,): the gradient of a bias."""
    gradient = gradient.contiguous()
    sums = paddle.empty([gradient.shape[1]])
    _channel_sums(planes(gradient), view(sums))
    return sums


def prelu(x: paddle.Tensor, slope: paddle.Tensor) -> paddle.Tensor:
    """PReLU of x (N,C,...) with one slope a channel."""
    x = x.contiguous()
    y = paddle.empty(x.shape)
    _prelu(planes(x), view(slope), planes(y))
    return y


def prelu_gradient(x: paddle.Tensor, slope: paddle.Tensor, gradient: paddle.Tensor) -> paddle.Tensor:
    """Gradient of `prelu` with respect to x."""
    gradient, x = gradient.contiguous(), x.contiguous()
    result = paddle.empty(x.shape)
    _prelu_gradient(planes(x), view(slope), planes(gradient), planes(result))
    return result
