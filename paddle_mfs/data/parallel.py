"""The same work on many things in several processes, answers in order."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from paddle_mfs.utils.errors import UserError

AHEAD = 4  # tasks a worker that are begun before their answers are asked for
_work = None


def cores():
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0))


def ordered(make, arguments, tasks, workers):
    """Yield `make(*arguments)(task)` for every task, in order; tasks are taken as they are needed.

    Args:
        make: importable by name; called once in each worker process.
        arguments, tasks: what can be pickled.
        workers: processes, which end when this one does; 0: in this process.
    Raises: what the work raises; UserError when a worker dies.
    """
    if not workers:
        yield from map(make(*arguments), tasks)
        return
    context = multiprocessing.get_context("spawn")  # Paddle and OpenVINO do not outlive a fork
    pool = ProcessPoolExecutor(workers, context, _begin)
    pending = deque()
    try:
        for task in tasks:
            pending.append(pool.submit(_run, make, arguments, task))
            if len(pending) >= AHEAD * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise UserError(
            "a worker process has died; see its message above, or lower --workers if memory ran out"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin():
    """Start of a worker: Ctrl-C is its parent's business, and without a parent it ends."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _run(make, arguments, task):
    global _work
    _work = _work or make(*arguments)
    return _work(task)
