"""Matrix products and convolutions of float32 paddle tensors on the CPU, by numpy's OpenBLAS.

The MKL in Paddle's wheel takes slow paths on processors that are not Intel's: a third of OpenBLAS's speed on an AMD
EPYC. A convolution is a product of its kernels with the picture unrolled (im2col), or, where tiny, a loop over rows.
"""

import functools
from collections.abc import Sequence

import numba
import numpy as np
import paddle
from threadpoolctl import ThreadpoolController

from paddle_mfs.ops.cpu_kernels import jit, planes, view

_blas, _threads = ThreadpoolController().select(internal_api="openblas"), 1


def use_threads(count: int) -> None:
    """Let the products use `count` threads instead of one."""
    global _threads
    _threads = count


def _multiplies(function):
    """For what calls BLAS: with as many threads as `use_threads` says, here only. So results do not depend on what
    else the process does with numpy, and no other threads of BLAS are woken, which go on spinning when done."""

    @functools.wraps(function)
    def limited(*args):
        with _blas.limit(limits=_threads):
            return function(*args)

    return limited


@_multiplies
def matmul(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """a (..., m, k) @ b (k, n) or (..., k, n), leading axes broadcast as numpy's."""
    a, b = a.contiguous(), b.contiguous()
    left, right = view(a), view(b)
    return _product(
        left, right, [*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1]]
    )


@_multiplies
def matmul_gradients(
    gradient: paddle.Tensor, a: paddle.Tensor, b: paddle.Tensor, wants: tuple[bool, bool]
) -> tuple[paddle.Tensor | None, paddle.Tensor | None]:
    """Gradient of the product -> gradients of a and b, None where `wants` (two bools) is false."""
    arriving, a, b = gradient.contiguous(), a.contiguous(), b.contiguous()
    gradient, left, right = view(arriving), view(a), view(b)
    to_a = _product(gradient, right.swapaxes(-1, -2), left.shape) if wants[0] else None
    if not wants[1]:
        return to_a, None
    if right.ndim == 2:
        return to_a, _product(left.reshape(-1, left.shape[-1]).T, gradient.reshape(-1, gradient.shape[-1]), right.shape)
    return to_a, _product(left.swapaxes(-1, -2), gradient, right.shape)


def _product(left, right, shape):
    """Product of arrays as a tensor of `shape`, summed over the axes of which the shape has only 1 (or none)."""
    y = paddle.empty(shape)
    if right.ndim == 2:  # one large product
        np.matmul(left.reshape(-1, left.shape[-1]), right, out=view(y).reshape(-1, right.shape[-1]))
        return y
    leading = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    if tuple(shape[:-2]) == leading:
        np.matmul(left, right, out=view(y))
        return y
    product = np.matmul(left, right)
    product = product.sum(tuple(range(product.ndim - len(shape))))
    product.sum(tuple(i for i, size in enumerate(shape) if size < product.shape[i]), keepdims=True, out=view(y))
    return y


@jit
def _mix_rows(matrix, first, last, x, y):
    """Every plane of y (M, R, W) = matrix (R, H) @ its plane of x (M, H, W), in row r columns first[r]..last[r]-1."""
    for plane in numba.prange(len(x)):
        for r in range(len(matrix)):
            to = y[plane, r]
            to[:] = 0
            for j in range(first[r], last[r]):
                share, line = matrix[r, j], x[plane, j]
                for q in range(len(to)):
                    to[q] += share * line[q]


class Band:
    """A constant matrix (R, H) float32 numpy whose rows are zero but for a few neighbouring columns."""

    def __init__(self, matrix: np.ndarray):
        self.matrix = np.ascontiguousarray(matrix, np.float32)
        filled = self.matrix != 0
        self.first, self.last = filled.argmax(1), filled.shape[1] - filled[:, ::-1].argmax(1)
        self.last[~filled.any(1)] = 0

    def times(self, x: paddle.Tensor) -> paddle.Tensor:
        """self @ x for every plane of x (N, C, H, W) -> (N, C, R, W)."""
        x = x.contiguous()
        y = paddle.empty([*x.shape[:2], len(self.matrix), x.shape[3]])
        _mix_rows(self.matrix, self.first, self.last, *(view(t).reshape(-1, *t.shape[2:]) for t in (x, y)))
        return y


# Samples are multiplied one by one, so that what comes of one does not depend on the others; but where the kernels
# have LARGE floats or more, reading them is what costs: there as many at once as can be unrolled into COLUMNS floats.
LARGE, COLUMNS = 1 << 20, 1 << 21
TINY = 64  # inputs times outputs of a stride 1 convolution, up to which products are too thin to be worth it


@jit
def _unroll(x, k, stride, pad, out_w, columns):
    """x (n, C, H, W) -> columns (C, k, k, n, L): what each tap of a k x k kernel meets at each of the L outputs."""
    n, c, height, width = x.shape
    out_h = columns.shape[4] // out_w
    for ch in numba.prange(c):
        for i in range(k):
            for j in range(k):
                first = max((pad - j + stride - 1) // stride, 0)
                last = max(min((width - 1 + pad - j) // stride + 1, out_w), first)
                for s in range(n):
                    for r in range(out_h):
                        row, line = r * stride + i - pad, columns[ch, i, j, s, r * out_w : (r + 1) * out_w]
                        if row < 0 or row >= height:
                            line[:] = 0
                            continue
                        line[:first] = 0
                        line[last:] = 0
                        to, source = line[first:last], x[s, ch, row, first * stride + j - pad :]
                        for q in range(len(to)):
                            to[q] = source[q * stride]


@jit
def _roll_up(columns, k, stride, pad, out_w, gx):
    """The transpose of `_unroll`: gx (n, C, H, W) becomes the sum of what lies in the columns."""
    n, c, height, width = gx.shape
    out_h = columns.shape[4] // out_w
    for ch in numba.prange(c):
        for s in range(n):
            gx[s, ch] = 0
        for i in range(k):
            for j in range(k):
                first, last = max((pad - j + stride - 1) // stride, 0), min((width - 1 + pad - j) // stride + 1, out_w)
                for s in range(n):
                    for r in range(out_h):
                        row = r * stride + i - pad
                        if 0 <= row < height and first < last:
                            source = columns[ch, i, j, s, r * out_w + first : r * out_w + last]
                            to = gx[s, ch, row, first * stride + j - pad :]
                            for q in range(len(source)):
                                to[q * stride] += source[q]


@jit
def _tiny(x, w, pad, y):
    """y (N,O,H',W') = x (N,C,H,W) convolved with w (O,C,k,k), stride 1: row by row."""
    n, outputs, out_h, out_w = y.shape
    _, c, height, width = x.shape
    k = w.shape[2]
    for s in numba.prange(n):
        for o in range(outputs):
            for r in range(out_h):
                line = y[s, o, r]
                line[:] = 0
                for ch in range(c):
                    for i in range(k):
                        row = r + i - pad
                        if 0 <= row < height:
                            for j in range(k):
                                tap, first, last = w[o, ch, i, j], max(pad - j, 0), min(width + pad - j, out_w)
                                to, source = line[first:last], x[s, ch, row, first + j - pad : last + j - pad]
                                for q in range(len(to)):
                                    to[q] += tap * source[q]


@jit
def _tiny_weights(g, x, pad, gw):
    """The gradient (O,C,k,k) of the kernels of `_tiny`."""
    n, outputs, out_h, out_w = g.shape
    _, c, height, width = x.shape
    k = gw.shape[2]
    for o in range(outputs):
        for ch in numba.prange(c):
            for i in range(k):
                for j in range(k):
                    total, first, last = np.float32(0), max(pad - j, 0), min(width + pad - j, out_w)
                    for s in range(n):
                        for r in range(max(pad - i, 0), min(height + pad - i, out_h)):
                            arriving, source = (
                                g[s, o, r, first:last],
                                x[s, ch, r + i - pad, first + j - pad : last + j - pad],
                            )
                            for q in range(len(arriving)):
                                total += arriving[q] * source[q]
                    gw[o, ch, i, j] = total


class _Convolution:
    """How a convolution is computed: row by row where it is tiny, else as products of the kernels (O, C k k) with
    portions of the samples, unrolled to (C k k, samples * L) unless they lie so already."""

    def __init__(self, x_shape, weight_shape, stride, pad):
        n, channels, height, width = x_shape
        self.outputs, _, self.k, _ = weight_shape
        self.stride, self.pad = stride, pad
        self.out_h, self.out_w = ((size + 2 * pad - self.k) // stride + 1 for size in (height, width))
        length = self.out_h * self.out_w
        self.is_tiny = stride == 1 and channels * self.outputs <= TINY
        self.is_plain = self.k == stride == 1 and pad == 0
        rows = channels * self.k**2
        step = max(1, min(n, COLUMNS // (rows * length))) if rows * self.outputs >= LARGE and not self.is_plain else 1
        self.portions = [slice(start, min(start + step, n)) for start in range(0, n, step)]
        self._shape = channels, self.k, self.k, step, length
        self._columns = None if self.is_plain or self.is_tiny else np.empty(np.prod(self._shape), np.float32)

    def columns(self, x):
        """x (n, C, H, W) -> (C k k, n * L)."""
        if self.is_plain:
            return x.reshape(x.shape[1], -1)
        columns = self._of(self._columns, len(x))
        _unroll(x, self.k, self.stride, self.pad, self.out_w, columns)
        return columns.reshape(-1, len(x) * columns.shape[-1])

    def roll_up(self, kernels, arriving, gx):
        """Kernels (C k k, O) times what arrives (O, n * L) -> into gx (n, C, H, W)."""
        if self.is_plain:
            np.matmul(kernels, arriving, out=gx.reshape(gx.shape[1], -1))
            return
        columns = self._of(self._columns, len(gx))
        np.matmul(kernels, arriving, out=columns.reshape(len(kernels), -1))
        _roll_up(columns, self.k, self.stride, self.pad, self.out_w, gx)

    def _of(self, room, n):
        shape = (*self._shape[:3], n, self._shape[4])
        return room[: np.prod(shape)].reshape(shape)


def _channels_first(part):
    """(n, O, ...) -> (O, n * L), a view where n is 1."""
    return part.reshape(*part.shape[:2], -1).transpose(1, 0, 2).reshape(part.shape[1], -1)


@_multiplies
def conv2d(x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor, stride: int, pad: int) -> paddle.Tensor:
    """x (N,C,H,W), weight (O,C,k,k), bias (O,), `pad` zeros on every side -> (N,O,H',W')."""
    x, weight = x.contiguous(), weight.contiguous()
    way = _Convolution(x.shape, weight.shape, stride, pad)
    y = paddle.empty([x.shape[0], way.outputs, way.out_h, way.out_w])
    pictures, kernels, results = view(x), view(weight), planes(y)
    if way.is_tiny:
        _tiny(pictures, kernels, pad, view(y))
    else:
        kernels = kernels.reshape(way.outputs, -1)
        for portion in way.portions:
            columns, part = way.columns(pictures[portion]), results[portion]
            if len(part) == 1:
                np.matmul(kernels, columns, out=part[0])
            else:
                part[...] = np.matmul(kernels, columns).reshape(way.outputs, len(part), -1).transpose(1, 0, 2)
    results += view(bias)[:, None]
    return y


@_multiplies
def conv2d_input_gradient(
    gradient: paddle.Tensor, weight: paddle.Tensor, shape: Sequence[int], stride: int, pad: int
) -> paddle.Tensor:
    """Gradient (N,O,H',W') of the output -> gradient of the input, of `shape`."""
    gradient, weight = gradient.contiguous(), weight.contiguous()
    result = paddle.empty(shape)
    way = _Convolution(shape, weight.shape, stride, pad)
    kernels, arriving, leaving = view(weight), view(gradient), view(result)
    if way.is_tiny:  # the kernels turned round, inputs and outputs exchanged
        turned = np.ascontiguousarray(kernels[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))
        _tiny(arriving, turned, way.k - 1 - pad, leaving)
        return result
    for portion in way.portions:
        way.roll_up(kernels.reshape(way.outputs, -1).T, _channels_first(arriving[portion]), leaving[portion])
    return result


@_multiplies
def conv2d_weight_gradient(
    gradient: paddle.Tensor, x: paddle.Tensor, shape: Sequence[int], stride: int, pad: int
) -> paddle.Tensor:
    """Gradient of the output and the input -> gradient of the kernels, of `shape` (O,C,k,k)."""
    gradient, x = gradient.contiguous(), x.contiguous()
    result = paddle.empty(shape)
    way = _Convolution(x.shape, shape, stride, pad)
    arriving, pictures, total = view(gradient), view(x), view(result)
    if way.is_tiny:
        _tiny_weights(arriving, pictures, pad, total)
        return result
    total[...] = sum(
        np.matmul(_channels_first(arriving[portion]), way.columns(pictures[portion]).T) for portion in way.portions
    ).reshape(shape)
    return result
