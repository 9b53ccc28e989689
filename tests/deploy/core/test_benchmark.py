"""`benchmark.py deploy`: what it prints was measured."""

import json

import pytest

from paddle_mfs.bench.deploy import HEIGHT, WIDTH, clip, markdown


@pytest.fixture(scope="module")
def measured(built, bundle_x86, run_script):
    built("g++")
    done = run_script("benchmark", "deploy", "--bundle", bundle_x86, "--turns", "1", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_clip_moves(target):
    frames = clip(target, 8)
    assert all(frame.shape == (HEIGHT, WIDTH, 3) for frame in frames)
    assert not (frames[0] == frames[7]).all()


def test_both_ways_are_timed(measured):
    assert {"crop", "paste", "frame"} <= set(measured["steps"])
    assert all(0 <= step["median"] <= step["p95"] for step in measured["steps"].values())
    for key in ("core", "python"):
        one = measured[key]
        assert one["frame"] > one["networks"] > 0 and abs(one["frame"] - one["networks"] - one["rest"]) < 1e-6
    assert measured["ratio"] == pytest.approx(measured["core"]["frame"] / measured["python"]["frame"])
    assert measured["new_source"] > 0
    text = markdown(measured)
    assert f"{measured['ratio']:.2f}" in text and "| C++ core" in text
