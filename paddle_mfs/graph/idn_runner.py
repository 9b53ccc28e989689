"""A baked IDN on an engine, through its rewritten graph."""

from pathlib import Path

from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import EXACT, exact, rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.graph.upsampling import upsampling_as_transposed
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime import THREADS, choose
from paddle_mfs.runtime.runner import Runner


def idn_runner(idn: IDN, engine: str = "auto", threads: int | None = None) -> Runner:
    """Like `runtime.make_runner`, of a baked IDN through its deploy graph.

    Returns: callable, (N, 3, S, S) float32 RGB in [0, 1] -> [result (N, 3, S, S), mask (N, 1, S, S)].
    """
    engine = choose(engine)

    def save(shape: tuple[int, ...], folder: Path) -> Path:
        return save_idn(idn, shape, folder, engine)

    return Runner(save, engine, threads or THREADS)


def save_idn(idn: IDN, shape: tuple[int, ...], folder: Path, engine: str) -> Path:
    """The deploy graph of a baked IDN as an engine takes it, for one shape (1, 3, S, S) -> path of its .pdmodel."""
    passes = {
        "openvino": exact(upsampling_as_transposed),  # its Paddle reader has no pixel shuffle
        "lite": TARGETS["x86"].passes["fp32"],
    }.get(engine, EXACT)
    return Program(rewrite(read_idn(idn), passes), shape).save(folder)
