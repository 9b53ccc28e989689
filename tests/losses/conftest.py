"""Shared by the tests of losses: pictures as they see them."""

import paddle

from paddle_mfs.utils.tensor import to_batch


def tensor(images):
    """(H, W, 3) or (N, H, W, 3), 0 to 255 -> (N, 3, H, W) in [0, 1]."""
    return paddle.to_tensor(to_batch(images))
