"""How many processors there are to compute with."""

import os


def cores() -> int:
    """CPU cores this process may use: a container or `taskset` may leave it fewer than the machine has."""
    return len(os.sched_getaffinity(0))
