"""Networks run for another program: python -m paddle_mfs.runtime.serve."""

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mfs.runtime.lite import optimise
from paddle_mfs.runtime.serve import GREETING
from paddle_mfs.runtime.trace import save_layer

ROOT = Path(__file__).resolve().parents[2]
WORDS = [sys.executable, "-m", "paddle_mfs.runtime.serve"]
SHAPE = (1, 3, 16, 16)


class Client:
    """The other program's side."""

    def __init__(self):
        self.process = subprocess.Popen(
            WORDS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        assert self.process.stdout.read(len(GREETING)) == GREETING

    def ask(self, *parts):
        self.process.stdin.write(b"".join(parts))
        self.process.stdin.flush()

    def load(self, nb, inputs, outputs):
        tensors = [
            struct.pack("<I", len(shapes))
            + b"".join(struct.pack(f"<I{len(shape)}q", len(shape), *shape) for shape in shapes)
            for shapes in (inputs, outputs)
        ]
        self.ask(b"L", struct.pack("<Q", len(nb)), nb, *tensors)
        return self.error() or self.numbers("I")[0]

    def run(self, number, value, outputs):
        self.ask(b"R", struct.pack("<I", number), value.astype("<f4").tobytes())
        return self.error() or [self.array(shape) for shape in outputs]

    def error(self):
        """None, or the sentence."""
        if self.numbers("B")[0] == 0:
            return None
        return self.process.stdout.read(*self.numbers("I")).decode()

    def array(self, shape):
        return np.frombuffer(self.process.stdout.read(4 * int(np.prod(shape))), "<f4").reshape(shape)

    def numbers(self, kinds):
        return struct.unpack(f"<{kinds}", self.process.stdout.read(struct.calcsize(f"<{kinds}")))


@pytest.fixture
def client():
    started = Client()
    yield started
    started.process.stdin.close()
    assert started.process.wait(30) == 0


@pytest.fixture(scope="module")
def layer():
    paddle.seed(3)
    made = paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 3, padding=1), paddle.nn.Sigmoid())
    made.eval()
    return made


@pytest.fixture(scope="module")
def nb(layer, tmp_path_factory):
    """The bytes of a small network's .nb, (1, 3, 16, 16) -> (1, 4, 16, 16)."""
    folder = tmp_path_factory.mktemp("nb")
    optimise(save_layer(layer, SHAPE, folder), "x86", folder / "small.nb")
    return (folder / "small.nb").read_bytes()


def test_runs_what_it_was_given(client, layer, nb):
    value, outputs = np.random.RandomState(1).rand(*SHAPE).astype(np.float32), [(1, 4, 16, 16)]
    first, second = client.load(nb, [SHAPE], outputs), client.load(nb, [SHAPE], outputs)
    assert (first, second) == (0, 1)
    wanted = layer(paddle.to_tensor(value)).numpy()
    for number in (first, second, first):
        [found] = client.run(number, value, outputs)
        assert np.abs(found - wanted).max() < 1e-6
    client.ask(b"C", struct.pack("<I", first))
    [found] = client.run(second, value * 0, outputs)
    assert np.abs(found - wanted).max() > 1e-3


def test_errors_are_sentences_and_end_nothing(client, nb):
    assert client.load(nb, [SHAPE], [(1, 4, 16, 16), (1,)]) == "has 1 inputs and 1 outputs, not 1 and 2"
    number = client.load(nb, [SHAPE], [(1, 5, 16, 16)])
    value = np.zeros(SHAPE, np.float32)
    assert client.run(number, value, []) == "gives an output of shape [1, 4, 16, 16], not [1, 5, 16, 16]"
    number = client.load(nb, [SHAPE], [(1, 4, 16, 16)])
    assert client.run(number, value, [(1, 4, 16, 16)])[0].shape == (1, 4, 16, 16)


def test_it_ends_with_its_input():
    started = Client()
    started.process.stdin.write(b"L" + struct.pack("<Q", 1000) + b"half")
    started.process.stdin.close()
    assert started.process.wait(30) == 0


def test_it_does_not_outlive_who_started_it():
    """Killed without a word, its starter cannot tell it to end: its input does."""
    starter = (
        "import subprocess, sys, time\n"
        f"served = subprocess.Popen({WORDS!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd={str(ROOT)!r})\n"
        f"served.stdout.read({len(GREETING)})\n"
        "print(served.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    served = int(parent.stdout.readline())
    os.kill(served, 0)  # it is there
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not _is_running(served):
            return
        time.sleep(0.1)
    raise AssertionError("still running")


def _is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
