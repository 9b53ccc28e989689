"""Times that can be compared: what is timed takes turns, so that a busy machine slows all alike."""

import statistics
import time

WARM_UP = 2  # turns before those that count


def take_turns(steps, repeats):
    """{name: callable without arguments} -> {name: milliseconds, the median of `repeats` turns}."""
    times = {name: [] for name in steps}
    for turn in range(repeats + WARM_UP):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if turn >= WARM_UP:
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}
