"""Multiply-adds of a traced network, operator by operator."""

import numpy as np
import paddle


def count_macs_of(program: paddle.static.Program) -> dict[str, int]:
    """Multiply-adds of one run -> {kind: number, "total": number}; every shape of the program is known.

    A convolution counts its kernel's size times its group's inputs an output value, a transposed one its kernel's size
    times its group's outputs an input value; a bilinear resize 4 an output value; a batch norm 1; a matrix product its
    inner length an output value. Activations, additions, products value by value, norms without weights and the IDN's
    final blend are not multiply-adds and are left out.
    """
    block = program.global_block()

    def shape(op, name, is_output=False):
        names = op.output(name) if is_output else op.input(name)
        return block.var(names[0]).shape

    macs = {"convolution": 0, "resize": 0, "batch norm": 0, "matrix product": 0}
    for op in block.ops:
        if op.type in ("conv2d", "depthwise_conv2d"):
            macs["convolution"] += _size(shape(op, "Output", True)) * _size(shape(op, "Filter")[1:])
        elif op.type == "conv2d_transpose":
            macs["convolution"] += _size(shape(op, "Input")) * _size(shape(op, "Filter")[1:])
        elif op.type == "bilinear_interp_v2":
            macs["resize"] += 4 * _size(shape(op, "Out", True))
        elif op.type == "batch_norm":
            macs["batch norm"] += _size(shape(op, "Y", True))
        elif op.type == "matmul_v2":
            inner = shape(op, "X")[-2 if op.attr("trans_x") else -1]
            macs["matrix product"] += _size(shape(op, "Out", True)) * inner
        elif op.type in ("matmul", "mul", "bmm", "depthwise_conv2d_transpose"):
            raise NotImplementedError(f"{op.type} in the traced graph is not counted")
    return {**macs, "total": sum(macs.values())}


def _size(shape):
    return int(np.prod(shape))
