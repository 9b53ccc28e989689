"""Turns: in order, warm, and what each one returned."""

import time

from paddle_mfs.bench.stopwatch import WARM_UP, take_turns, turns_of


def test_steps_take_turns():
    called = []
    steps = {name: (lambda name=name: called.append(name) or len(called)) for name in "ab"}
    taken = turns_of(steps, 2, warm_up=1)
    assert called == list("ababab")
    assert [turn.result for turn in taken["a"]] == [3, 5] and [turn.result for turn in taken["b"]] == [4, 6]
    assert all(0 <= turn.cpu and 0 < turn.seconds < 1 for turns in taken.values() for turn in turns)


def test_medians_in_milliseconds():
    waits = iter([0.2] * WARM_UP + [0.01, 0.02, 0.1])
    median = take_turns({"wait": lambda: time.sleep(next(waits))}, 3)["wait"]
    assert 20 <= median < 100
