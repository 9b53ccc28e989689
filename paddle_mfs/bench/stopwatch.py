"""Times that can be compared: what is timed takes turns, so that a busy machine slows all alike."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

WARM_UP = 2  # rounds before those that count
Name = TypeVar("Name", bound=Hashable)


class Turn(NamedTuple):
    """One call: what it returned, how long it took, and the processor time of all cores meanwhile, both in seconds."""

    result: Any
    seconds: float
    cpu: float


def turns_of(steps: Mapping[Name, Callable[[], Any]], rounds: int, warm_up: int = 0) -> dict[Name, list[Turn]]:
    """Call all steps one after another, `warm_up` + `rounds` times -> {name: Turn of each round that counts}."""
    taken: dict[Name, list[Turn]] = {name: [] for name in steps}
    for number in range(warm_up + rounds):
        for name, step in steps.items():
            begun, cpu = time.perf_counter(), time.process_time()
            result = step()
            turn = Turn(result, time.perf_counter() - begun, time.process_time() - cpu)
            if number >= warm_up:
                taken[name].append(turn)
    return taken


def take_turns(steps: Mapping[Name, Callable[[], Any]], repeats: int) -> dict[Name, float]:
    """{name: callable without arguments} -> {name: milliseconds, the median of `repeats` turns}, warm."""
    taken = turns_of(steps, repeats, WARM_UP)
    return {name: statistics.median(turn.seconds for turn in turns) * 1000 for name, turns in taken.items()}
