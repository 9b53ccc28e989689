"""Paddle-Lite on x86, and its optimiser, which writes .nb files for every target.

https://www.paddlepaddle.org.cn/lite/v2.12/user_guides/opt/opt_bin.html
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paddle_mfs.utils.errors import UserError

VERSION_FIELD = 2, 18  # where a .nb names opt's version, ended by a zero


def optimise(
    program: str | Path, places: str, output: str | Path, precision: str = "fp32", weights: str = "float32"
) -> None:
    """Run opt over a .pdmodel (.pdiparams beside it) -> `output` (a path ending in .nb).

    Args:
        places: opt's valid places, comma-separated, the first preferred ("opencl,arm").
        precision: fp16 is arm's: the weights stay fp32 in the file and are converted when it is loaded.
        weights: "float32", or "int8" or "int16": how the file keeps the weights of convolutions, one scale a channel;
            they are converted to float32 when it is loaded. (Those of matrix products, too, but Paddle-Lite 2.13 reads
            them back wrongly: a network that is to be quantised must have none.)
    Raises: UserError with opt's last words.
    """
    program, output = Path(program), Path(output)
    command = [
        sys.executable,
        "-I",
        str(Path(__file__).with_name("opt_process.py")),
        str(program),
        str(program.with_suffix(".pdiparams")),
        places,
        precision,
        weights,
        str(output.with_suffix("")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not output.is_file():
        words = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UserError(
            f"{output}: paddlelite's opt failed for {places} (exit {done.returncode}): "
            f"{words[-1] if words else 'no message'}"
        )
    _tidy(output)


def _tidy(path):
    """Make the file depend on its model alone: opt leaves what memory held after the end of its version's name."""
    data = bytearray(path.read_bytes())
    end = data.index(0, VERSION_FIELD[0])
    data[end : VERSION_FIELD[1]] = bytes(VERSION_FIELD[1] - end)
    path.write_bytes(data)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Sends what C++ prints to stdout and stderr to nowhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept, nowhere = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for number, saved in zip((1, 2), kept):
            os.dup2(saved, number)
            os.close(saved)
        os.close(nowhere)


class LiteRunner:
    """An x86 .nb run by Paddle-Lite: float32 arrays, one an input -> list of arrays.

    Paddle-Lite computes on one thread, and Python's other threads stand still meanwhile: it keeps the interpreter's
    lock. It ends the process when it is given something else than a whole .nb made for x86.

    Args:
        model: path of the file, which is not read again afterwards, or what is in it.
    """

    def __init__(self, model: str | Path | bytes):
        from paddlelite.lite import MobileConfig, create_paddle_predictor

        config = MobileConfig()
        if isinstance(model, bytes):
            config.set_model_from_buffer(model)
        else:
            config.set_model_from_file(str(model))
        with quiet():
            self.predictor = create_paddle_predictor(config)
        self.output_names = self.predictor.get_output_names()

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        for index, value in enumerate(inputs):
            self.predictor.get_input(index).from_numpy(value)
        self.predictor.run()
        return [self.predictor.get_output(i).numpy().copy() for i in range(len(self.output_names))]


def run_program(program: str | Path, threads: int = 1) -> LiteRunner:
    """A .pdmodel as a LiteRunner, its .nb written beside it.

    Paddle-Lite's Python interface has no setting for `threads`.
    """
    nb = Path(program).with_suffix(".nb")
    optimise(program, "x86", nb)
    return LiteRunner(nb)
