"""The nodes in half precision, as a processor's kernels round: NumPy, one crop at a time.

Paddle-Lite's ARM kernels keep their sums in float16 too. A convolution starts from its bias and adds one product after
the other, each by a fused multiply-add, rounded once to the 11 bits of a float16; bilinear upsampling mixes the
columns, then the rows; 2x - 1 is one fused step; a sigmoid is 1 / (1 + exp), exp a polynomial of degree 5 over a
reduced range, every step of it rounded. Not simulated: the order of the products of a 3x3 or larger kernel (row by row
here), and sums that a kernel splits among several registers.

Beside Paddle-Lite's kernels on an emulated aarch64 CPU, both networks exported from samples/source.jpg: on five crops
the results' PSNR to float32 agrees to 0.2 dB each (65.7 to 67.7 dB), the masks' to 1.6 dB; on samples/source.jpg itself
the largest differences are 5.2e-3 and 9.3e-3 (mask) simulated, 4.6e-3 and 6.8e-3 emulated, of the mobile variant 4.6e-3
and 4.3e-3, 5.7e-3 and 3.7e-3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from paddle_mfs.graph.nodes import INPUT, RESULTS, Node

SPLIT = np.float32(2**13 + 1)  # leaves 11 of float32's 24 bits
# exp(x) = 2^n exp(r), |r| <= ln(2)/2; ln 2 in two parts, and exp(r) = 1 + r + r^2 times the polynomial (Cephes' expf)
LN2 = (0.693359375, -2.12194440e-4)
EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1666795894e-2, 1.6666665459e-1, 5.0000001201e-1)
COLUMNS = 1 << 14  # of a matrix product at once: they stay in the cache


def half(x: np.ndarray) -> np.ndarray:
    """float32 -> the nearest float16s, as float32; infinite beyond 65504."""
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float32).astype(np.float16).astype(np.float32)


def _fused(total, a, b, room):
    """total = half(total + a * b) in place; `room` is two arrays like it. Tiny and huge values wait for `half`."""
    product, split = room
    np.multiply(a, b, out=product)
    np.add(total, product, out=total)
    np.multiply(total, SPLIT, out=split)
    np.subtract(split, total, out=product)
    np.subtract(split, product, out=total)


def _start(node, channels, *size):
    bias = node.settings["bias"]
    return np.zeros((channels, *size), np.float32) + (0 if bias is None else half(bias).reshape(-1, *[1] * len(size)))


def _padded(x, padding):
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding)))


def _conv(x, node):
    s = node.settings
    weight, stride = half(s["weight"]), s["stride"]
    size, inputs, groups = weight.shape[2], weight.shape[1], s["groups"]
    x = _padded(x, s["padding"])
    height, width = ((side - size) // stride + 1 for side in x.shape[1:])
    windows = [
        x[:, row : row + stride * height : stride, column : column + stride * width : stride]
        for row in range(size)
        for column in range(size)
    ]
    if groups == 1:
        columns = np.stack(windows, 1).reshape(inputs * size * size, -1)
        return _product(weight.reshape(len(weight), -1), columns, node).reshape(-1, height, width)
    total = _start(node, len(weight), height, width)
    room = np.empty((2, *total.shape), np.float32)
    for window, taps in zip(windows, weight.reshape(len(weight), -1).T):
        _fused(total, np.repeat(window, len(weight) // groups, 0), taps[:, None, None], room)
    return total


def _product(matrix, columns, node):
    """matrix (M, K) times columns (K, N), plus the bias; K products, one after the other."""
    total = _start(node, len(matrix), columns.shape[1])
    step = max(1, COLUMNS // len(matrix))
    for begin in range(0, columns.shape[1], step):
        part = np.ascontiguousarray(columns[:, begin : begin + step])
        sums = total[:, begin : begin + step].copy()
        room = np.empty((2, *sums.shape), np.float32)
        for taps, row in zip(matrix.T, part):
            _fused(sums, taps[:, None], row, room)
        total[:, begin : begin + step] = sums
    return total


def _upsample(x, node):
    if node.settings["half_pixel"]:
        raise NotImplementedError("half-pixel upsampling is folded into a convolution before it gets here")
    left, right, share = _positions(x.shape[2])
    x = half(half(x[..., left] * half(1 - share)) + half(x[..., right] * half(share)))
    above, below, share = _positions(x.shape[1])
    share = share[:, None]
    total = half(x[:, above] * half(1 - share))
    _fused(total, x[:, below], half(share), np.empty((2, *total.shape), np.float32))
    return total


def _positions(size):
    """Two neighbours of each new pixel, corners aligned, and the share of the second."""
    position = np.arange(2 * size) * (size - 1) / (2 * size - 1)
    first = np.minimum(position.astype(int), size - 1)
    return first, np.minimum(first + 1, size - 1), position - first


def _exp(x):
    n = np.floor(half(x * half(1 / np.log(2)) + np.float32(0.5)))
    for part in LN2:
        x = half(x - half(n * half(part)))
    y = np.full_like(x, half(EXP[0]))
    for term in EXP[1:]:
        y = half(y * x + half(term))
    y = half(half(y * half(x * x) + x) + 1)
    return half(y * np.exp2(n))


def _shuffle(x, node):
    channels, height, width = x.shape
    x = x.reshape(channels // 4, 2, 2, height, width).transpose(0, 3, 1, 4, 2)
    return x.reshape(channels // 4, 2 * height, 2 * width)


def _reshape(x, node):
    return x.reshape([int(size * factor) for size, factor in zip(x.shape, node.settings["factors"])])


OPERATORS: dict[str, Callable[[list[np.ndarray], Node], np.ndarray]] = {
    "conv": lambda x, node: _conv(x[0], node),
    "leaky_relu": lambda x, node: np.where(x[0] > 0, x[0], half(x[0] * half(node.settings["slope"]))),
    "relu": lambda x, node: np.maximum(x[0], 0),
    "sigmoid": lambda x, node: half(1 / half(1 + _exp(np.clip(-x[0], -10, 11)))),
    "upsample": lambda x, node: _upsample(x[0], node),
    "shuffle": lambda x, node: _shuffle(x[0], node),
    "concat": lambda x, node: np.concatenate(x, node.settings.get("axis", 1) - 1),
    "reshape": lambda x, node: _reshape(x[0], node),
    "transpose": lambda x, node: x[0].transpose(0, 2, 1),
    "add": lambda x, node: x[0] + x[1],
    "subtract": lambda x, node: x[0] - x[1],
    "multiply": lambda x, node: x[0] * x[1],
    "scale": lambda x, node: x[0] * half(node.settings["factor"]) + half(node.settings["offset"]),
}


def run_half(nodes: list[Node], x: np.ndarray, names: Sequence[str] = RESULTS) -> list[np.ndarray]:
    """What the nodes make of a crop in half precision.

    Args:
        nodes: rewritten for arm fp16 (`targets.TARGETS`): of the kinds in OPERATORS, upsamplings with aligned corners.
        x: (1, 3, S, S) float32 in [0, 1].
    Returns: list of arrays (1, C, H, W) float32 that hold float16 values, those called `names`; infinite beyond 65504.
    """
    values = {INPUT: half(x[0])}
    for node in nodes:
        values[node.output] = half(OPERATORS[node.kind]([values[name] for name in node.inputs], node))
    return [values[name][None] for name in names]
