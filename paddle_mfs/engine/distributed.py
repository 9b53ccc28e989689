"""Training in several processes, started by `python -m paddle.distributed.launch --nproc_per_node 2 tools/train.py`.

Every process holds the whole network, makes its own batches and works out their gradients, which are averaged before
each optimiser step (gloo between CPUs, NCCL between GPUs). Not paddle.DataParallel: it exchanges during every backward
pass, also those of an accumulated step. Batch norms normalise by the statistics of their own process's batch; the
running ones are averaged.
"""

from __future__ import annotations

from collections.abc import Iterable

import paddle
import paddle.distributed as dist


def start() -> tuple[int, int]:
    """Join the processes that the launcher started, if it did -> (rank, ranks)."""
    if dist.get_world_size() > 1 and not dist.is_initialized():
        dist.init_parallel_env()
    return dist.get_rank(), dist.get_world_size()


@paddle.no_grad()
def average(tensors: list[paddle.Tensor]) -> None:
    """Replace every float32 tensor of a list by its mean over the processes, in one exchange."""
    if dist.get_world_size() == 1 or not tensors:
        return
    flat = paddle.concat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    parts = paddle.split(flat / dist.get_world_size(), [tensor.size for tensor in tensors])
    for tensor, part in zip(tensors, parts):
        tensor.set_value(part.reshape(tensor.shape))


@paddle.no_grad()
def mean_record(record: dict[str, paddle.Tensor]) -> dict[str, paddle.Tensor]:
    """Scalar tensors by name -> their means over the processes, in one exchange; on a GPU nothing is read."""
    if dist.get_world_size() == 1:
        return record
    values = paddle.stack([value.astype("float32") for value in record.values()])
    dist.all_reduce(values)
    return dict(zip(record, (values / dist.get_world_size()).unbind()))


def mean(values: Iterable[float]) -> list[float]:
    """Numbers -> their means over the processes."""
    if dist.get_world_size() == 1:
        return [float(value) for value in values]
    tensor = paddle.to_tensor([float(value) for value in values], "float64")
    dist.all_reduce(tensor)
    return (tensor / dist.get_world_size()).tolist()
