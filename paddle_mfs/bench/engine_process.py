"""A program on OpenVINO in a process of its own, so that the memory it takes is nobody else's."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from pathlib import Path

import numpy as np

from paddle_mfs.runtime.openvino import OpenVINORunner
from paddle_mfs.utils.errors import UserError


def peak_mb() -> float:
    """The most memory this process has had in RAM so far, in MB (Linux).

    Not `resource.getrusage`: that goes on from what the parent had.
    """
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


class EngineProcess:
    """A .pdmodel, loaded and run in another process that holds nothing else. Close it.

    Args:
        program: path of the .pdmodel; its .pdiparams lies beside it.
        x: what it is run on, each time, (1, C, H, W) float32.
        threads: of the engine.
    Raises: UserError when the process ends before its time (too little memory).
    """

    def __init__(self, program: str | Path, x: np.ndarray, threads: int = 1):
        self._name = Path(program).parent.name
        context = multiprocessing.get_context("spawn")  # a fork would bring all that this process holds
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, str(program), x, threads), daemon=True)
        self._process.start()
        theirs.close()
        self.empty_mb: float = self._answer()  # the engine, before it has read the network

    def run(self) -> tuple[float, float]:
        """Run it once -> milliseconds; of processor time, which a busy machine hardly changes."""
        return self._ask("run")

    def peak(self) -> float:
        """The most memory the process has had so far, in MB."""
        return self._ask("peak")

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._pipe.send("end")
        self._process.join()

    def _ask(self, what):
        with contextlib.suppress(OSError):  # told by the answer that does not come
            self._pipe.send(what)
        return self._answer()

    def _answer(self):
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise UserError(
                f"{self._name}: its process ended early (exit {self._process.exitcode}); see above, or free memory"
            ) from None


def _work(pipe, program, x, threads):
    import openvino

    openvino.Core()
    pipe.send(peak_mb())
    runner = OpenVINORunner(program, threads)
    with contextlib.suppress(EOFError):  # the parent is gone
        while (what := pipe.recv()) != "end":
            if what == "peak":
                pipe.send(peak_mb())
                continue
            begun, cpu = time.perf_counter(), time.process_time()
            runner(x)
            pipe.send(((time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000))
