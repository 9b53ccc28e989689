"""Other swap networks beside the IDN: what is counted, and that each runs in a process of its own."""

import os

import numpy as np
import paddle
import paddle.nn as nn
import pytest

from paddle_mfs.bench import peers
from paddle_mfs.bench.engine_process import EngineProcess
from paddle_mfs.bench.macs import count_macs_of
from paddle_mfs.bench.peers import FixedIdentity, markdown, measure, random_peer, save_peer
from paddle_mfs.runtime.openvino import OpenVINORunner
from paddle_mfs.runtime.trace import record
from paddle_mfs.teachers.faceshifter import AEINet
from paddle_mfs.teachers.simswap import SimSwapGenerator
from paddle_mfs.utils.errors import UserError

SIMSWAP = (4, 4, 8, 16), 2  # widths, blocks: small ones
FACESHIFTER = ((2, 4, 8, 8),)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """{name: (network, picture, its program, its size)} of small peers."""
    made = {}
    for name, make, side in (
        ("simswap", lambda: SimSwapGenerator(*SIMSWAP), 32),
        ("faceshifter", lambda: AEINet(*FACESHIFTER), 32),
    ):
        network = random_peer(make)
        x = np.random.default_rng(0).random((1, 3, side, side), np.float32)
        made[name] = network, x, *save_peer(network, x, tmp_path_factory.mktemp(name))
    return made


def test_every_operator_by_hand():
    class Some(nn.Layer):
        def __init__(self):
            super().__init__()
            self.grouped = nn.Conv2D(4, 8, 3, padding=1, groups=2, bias_attr=False)
            self.up = nn.Conv2DTranspose(8, 6, 4, 2, 1)
            self.norm = nn.BatchNorm2D(6)
            self.linear = nn.Linear(6, 5)

        def forward(self, x):
            x = self.norm(self.up(self.grouped(x)))
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
            return self.linear(x.mean([2, 3]))

    counted = count_macs_of(record(Some(), {"x": (1, 4, 10, 10)}).forward.concrete_program.main_program)
    convolution = 8 * 100 * (2 * 9) + 8 * 100 * (6 * 16)
    assert counted == {
        "convolution": convolution,
        "batch norm": 6 * 400,
        "resize": 4 * 6 * 1600,
        "matrix product": 30,
        "total": convolution + 6 * 400 + 4 * 6 * 1600 + 30,
    }


def test_the_size_of_simswap_s_generator(saved):
    first, second, third, fourth = SIMSWAP[0]
    pixels = 32 * 32
    convolutions = pixels * 49 * 3 * first * 2  # the first and the last layer
    convolutions += pixels // 4 * 9 * first * second + pixels // 16 * 9 * second * third
    convolutions += pixels // 64 * 9 * third * fourth + SIMSWAP[1] * 2 * (pixels // 64 * 9 * fourth**2)
    convolutions += pixels // 16 * 9 * fourth * third + pixels // 4 * 9 * third * second + pixels * 9 * second * first
    network, _, _, facts = saved["simswap"]
    assert facts["macs"]["convolution"] == convolutions
    assert facts["macs"]["matrix product"] == SIMSWAP[1] * 2 * 512 * 2 * fourth
    learned = sum(
        layer.weight.size + (0 if layer.bias is None else layer.bias.size)
        for layer in network.sublayers()
        if hasattr(layer, "weight")
    )
    assert facts["parameters"] == learned


@pytest.mark.parametrize("name", ["simswap", "faceshifter"])
def test_the_engine_paints_what_the_network_paints(saved, name):
    network, x, program, _ = saved[name]
    assert isinstance(network, FixedIdentity)
    wanted = network(paddle.to_tensor(x)).numpy()
    assert wanted.std() > 1e-3 and np.abs(OpenVINORunner(program)(x)[0] - wanted).max() < 1e-3


def test_a_process_of_its_own_and_one_that_ends_early(saved, tmp_path):
    _, x, program, _ = saved["simswap"]
    process = EngineProcess(program, x)
    try:
        assert process._process.pid != os.getpid()
        wall, cpu = process.run()
        assert wall > 0 and cpu >= 0 and process.peak() >= process.empty_mb > 10
    finally:
        process.close()
    assert process._process.exitcode == 0
    broken = EngineProcess(tmp_path / "missing" / "network.pdmodel", x)
    with pytest.raises(UserError, match=r"missing: its process ended early \(exit 1\)"):
        broken.run()


def test_beside_the_idn(lively_idn, samples, monkeypatch):
    network, *rest = peers.PEERS["simswap"]
    monkeypatch.setitem(peers.PEERS, "simswap", (lambda: network(*SIMSWAP), *rest))
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    report = measure(lively_idn, crop, repeats=1, peers=["simswap"])
    ours, other = report["networks"]["IDN"], report["networks"]["simswap"]
    assert report["engine"] == "openvino" and ours["pixels"] == other["pixels"] == 224
    assert 0.49e6 < ours["parameters"] < 0.501e6 and 0.3e9 < ours["macs"]["total"] < 0.33e9
    for one in (ours, other):
        assert one["milliseconds"] > 0 and one["memory_mb"] > one["network_mb"] > 0
    table = markdown(report)
    assert "| IDN, 224 px" in table and "| simswap, 224 px" in table and len(table.splitlines()) == 4
