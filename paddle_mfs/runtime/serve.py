"""Runs x86 .nb files for another program: `python -m paddle_mfs.runtime.serve`, spoken to over its input and output.

It is how the C++ core of deploy/ runs on a desktop what Paddle-Lite's own library runs on a phone. All numbers are
little-endian; `u32`, `i64` and so on are their kinds. It greets with `GREETING`, then answers question by question:

    "L" u64 size, the .nb's bytes, inputs, outputs      load; u32 number of the network. Inputs and outputs each: u32
                                                        how many, then of each u32 rank and the i64 sides
    "R" u32 number, the inputs' float32                 run; the outputs' float32
    "C" u32 number                                      forget the network; no answer

An answer begins with a byte: 0, or 1 for an error, of which follows u32 bytes and one sentence in UTF-8. The end of the
input ends it, so it does not outlive who started it. A damaged .nb ends it too: Paddle-Lite aborts.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import BinaryIO

import numpy as np

from paddle_mfs.runtime import choose
from paddle_mfs.utils.errors import UserError

GREETING = b"mfsserv1"


class _Ended(Exception):
    """The other program has closed its end."""


class _Served:
    """A network and the shapes its user expects."""

    def __init__(self, nb: bytes, inputs: list[tuple[int, ...]], outputs: list[tuple[int, ...]]):
        from paddlelite.lite import MobileConfig, create_paddle_predictor

        config = MobileConfig()
        config.set_model_from_buffer(nb)
        self.predictor, self.inputs, self.outputs = create_paddle_predictor(config), inputs, outputs
        wanted = len(self.predictor.get_input_names()), len(self.predictor.get_output_names())
        if wanted != (len(inputs), len(outputs)):
            raise UserError(f"has {wanted[0]} inputs and {wanted[1]} outputs, not {len(inputs)} and {len(outputs)}")

    def run(self, values: list[np.ndarray]) -> list[np.ndarray]:
        for index, value in enumerate(values):
            self.predictor.get_input(index).from_numpy(value)
        self.predictor.run()
        found = [self.predictor.get_output(index).numpy() for index in range(len(self.outputs))]
        for one, shape in zip(found, self.outputs):
            if one.size != np.prod(shape):
                raise UserError(f"gives an output of shape {list(one.shape)}, not {list(shape)}")
        return [np.ascontiguousarray(one, "<f4") for one in found]


class _Server:
    def __init__(self, questions: BinaryIO, answers: BinaryIO):
        self._questions, self._answers = questions, answers
        self._networks: dict[int, _Served] = {}
        self._next = 0

    def serve(self) -> None:
        """Answer until the questions end."""
        self._answers.write(GREETING)
        kinds = {b"L": self._load, b"R": self._run, b"C": self._close}
        try:
            while True:
                self._answers.flush()
                kind = self._read(1)
                if kind not in kinds:
                    return
                kinds[kind]()
        except (_Ended, BrokenPipeError, ConnectionResetError):
            pass

    def _load(self):
        nb = self._read(*self._numbers("Q"))
        inputs, outputs = self._shapes(), self._shapes()
        self._answer(lambda: self._add(_Served(nb, inputs, outputs)))

    def _add(self, network):
        self._networks[self._next] = network
        self._next += 1
        return [struct.pack("<I", self._next - 1)]

    def _run(self):
        network = self._networks[self._numbers("I")[0]]
        values = [self._tensor(shape) for shape in network.inputs]
        self._answer(lambda: [memoryview(value).cast("B") for value in network.run(values)])

    def _close(self):
        self._networks.pop(self._numbers("I")[0], None)

    def _answer(self, work):
        """Write what `work()` returns, or why it could not."""
        try:
            parts = [b"\0", *work()]
        except Exception as error:  # whatever it is: the other program is to read it, and to go on
            text = " ".join(str(error).split())[:1000].encode() or type(error).__name__.encode()
            parts = [b"\1", struct.pack("<I", len(text)), text]
        for part in parts:
            self._answers.write(part)

    def _shapes(self):
        shapes = []
        for _ in range(*self._numbers("I")):
            [rank] = self._numbers("I")
            shapes.append(self._numbers(f"{rank}q"))
        return shapes

    def _tensor(self, shape):
        return np.frombuffer(self._read(4 * int(np.prod(shape))), "<f4").reshape(shape)

    def _numbers(self, kinds):
        return struct.unpack(f"<{kinds}", self._read(struct.calcsize(f"<{kinds}")))

    def _read(self, size):
        data = self._questions.read(size)
        if len(data) < size:
            raise _Ended
        return data


def main() -> None:
    """Serve standard input and output. What Paddle-Lite prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=1 << 16)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        choose("lite")  # or say that it is not installed
    except UserError as error:
        sys.exit(f"error: {error}")
    _Server(sys.stdin.buffer, answers).serve()


if __name__ == "__main__":
    main()
