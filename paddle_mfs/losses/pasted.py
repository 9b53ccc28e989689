"""The result as it is pasted: the target plus the network's change without its finest part (face/coarse.py).

What a viewer will see is then what the terms judge: none of them asks the network for detail that stays the target's.
"""

import functools

import paddle

from paddle_mfs.face.coarse import coarse_matrix
from paddle_mfs.models.idn import Swap
from paddle_mfs.ops.resample import Resampling


@functools.cache
def _coarsening(size):
    return Resampling(*[coarse_matrix(size)] * 2)


def as_pasted(swap: Swap, targets: paddle.Tensor) -> Swap:
    """The Swap of target crops (N, 3, S, S), RGB in [0, 1], with its result as it is pasted."""
    return swap._replace(result=targets + _coarsening(targets.shape[-1])(swap.result - targets))
