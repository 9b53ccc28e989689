"""What a frame costs by the IDN and by other swap networks, each on one engine, in turn: SimSwap 224, FaceShifter 256.

The others have random weights, which cost what trained ones do. Their identity is fixed, as it is over a clip, like
the IDN's weights; the networks that look at the source are nobody's cost here, nor are steps around the network.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import paddle
import paddle.nn as nn

from paddle_mfs.bench.engine_process import EngineProcess
from paddle_mfs.bench.macs import count_macs_of
from paddle_mfs.bench.stopwatch import WARM_UP, turns_of
from paddle_mfs.bench.swap import count_macs, count_parameters
from paddle_mfs.graph.idn_runner import save_idn
from paddle_mfs.models.idn import IDN
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.runtime import choose
from paddle_mfs.runtime.trace import record, save_layer
from paddle_mfs.teachers.faceshifter import AEINet, FaceShifterTeacher
from paddle_mfs.teachers.network import placed
from paddle_mfs.teachers.simswap import SimSwapGenerator, SimSwapTeacher
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.utils.tensor import to_batch

IDENTITY = 512  # numbers of an embedding, of both
OURS = "IDN"
#                 network, its teacher, mean and std of its input
PEERS: dict[str, tuple[type[nn.Layer], Any, float, float]] = {
    "simswap": (SimSwapGenerator, SimSwapTeacher, 0, 1),
    "faceshifter": (AEINet, FaceShifterTeacher, 0.5, 0.5),
}


class FixedIdentity(nn.Layer):
    """A swap network for one source: (N, 3, S, S) -> (N, 3, S, S)."""

    def __init__(self, network: nn.Layer, identity: paddle.Tensor):
        super().__init__()
        self.network = network
        self.register_buffer("identity", identity)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.network(x, self.identity)


def random_peer(make: Callable[[], nn.Layer]) -> FixedIdentity:
    """A network with the weights it is made with, and a random identity of unit length; frozen and in eval mode."""
    paddle.seed(0)
    return freeze(FixedIdentity(make(), nn.functional.normalize(paddle.randn([1, IDENTITY]))))


def save_peer(layer: nn.Layer, x: np.ndarray, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Save a network for pictures like `x` (1, 3, S, S) -> path of its .pdmodel; {"parameters", "macs", see
    `count_macs_of`}."""
    program = record(layer, {"x": x.shape}).forward.concrete_program.main_program
    facts = {"parameters": count_parameters(layer), "macs": count_macs_of(program)}
    return save_layer(layer, x.shape, folder), facts


def measure(
    idn: IDN, crop: np.ndarray, repeats: int = 10, peers: Sequence[str] = tuple(PEERS), threads: int = 1
) -> dict[str, Any]:
    """Count, run and weigh the networks on one frame.

    Args:
        idn: baked.
        crop: the frame's aligned face, (224, 224, 3) uint8 RGB; each network gets it in its own size and range.
        repeats: timed runs; the networks take turns, so a busy machine slows all alike, and the median counts.
        peers: names in `PEERS`.
        threads: of the engine.
    Returns: {"engine", "threads", "repeats", "networks": {name: {"pixels": side, "parameters", "macs": {kind: number},
        "milliseconds", "cpu_milliseconds", "memory_mb": the most its process had, "network_mb": that, less the process
        before it read the network}}}; `OURS` is the first.
    Raises: UserError when OpenVINO is not installed, or a process ends early.
    """
    engine = choose("openvino")
    report: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory(prefix="paddle_mfs_") as temporary, contextlib.ExitStack() as stack:
        processes = {}
        for name in (OURS, *peers):
            folder = Path(temporary) / name
            folder.mkdir()
            x, program, facts = _prepare(name, idn, crop, folder)
            gc.collect()  # a network may hold a gigabyte
            process = EngineProcess(program, x, threads)
            stack.callback(process.close)
            processes[name] = process
            report[name] = {"pixels": x.shape[-1], **facts}
        taken = turns_of({name: process.run for name, process in processes.items()}, repeats, WARM_UP)
        for name, process in processes.items():
            most = process.peak()
            report[name] |= {
                "milliseconds": statistics.median(turn.result[0] for turn in taken[name]),
                "cpu_milliseconds": statistics.median(turn.result[1] for turn in taken[name]),
                "memory_mb": most,
                "network_mb": most - process.empty_mb,
            }
    return {"engine": engine, "threads": threads, "repeats": repeats, "networks": report}


def _prepare(name, idn, crop, folder):
    """What the network is run on, its program in `folder`, its size."""
    if name == OURS:
        x = to_batch(crop)
        facts = {"parameters": count_parameters(idn), "macs": count_macs(idn)}
        return x, save_idn(idn, x.shape, folder, "openvino"), facts
    network, teacher, mean, std = PEERS[name]
    x = to_batch(placed(crop, teacher.size, teacher.box), mean, std)
    return x, *save_peer(random_peer(network), x, folder)


def markdown(report: Mapping[str, Any]) -> str:
    """The report of `measure` as a Markdown table."""
    networks = report["networks"]
    ours = networks[OURS]
    rows = []
    for name, one in networks.items():
        macs, cpu = one["macs"]["total"], one["cpu_milliseconds"]
        rows.append(
            (
                f"{name}, {one['pixels']} px",
                f"{one['parameters'] / 1e6:.1f}",
                f"{macs / 1e9:.2f}",
                f"{macs / ours['macs']['total']:.0f}",
                f"{one['milliseconds']:.0f}",
                f"{cpu:.0f}",
                f"{cpu / ours['cpu_milliseconds']:.0f}",
                f"{one['memory_mb']:.0f}",
                f"{one['network_mb']:.0f}",
            )
        )
    headers = [
        f"one face, OpenVINO, {report['threads']} thread(s)",
        "M parameters",
        "G multiply-adds",
        f"to the {OURS}",
        "ms",
        "of processor time",
        f"to the {OURS}",
        "peak memory, MB",
        "of it the network, MB",
    ]
    return markdown_table(headers, rows)
