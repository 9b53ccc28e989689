"""The same work on many things in several processes, answers in order: for sets, batches and evaluations."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any

import cv2

from paddle_mfs.utils.errors import UserError

GRACE = 3  # seconds
AHEAD = 4  # tasks a worker that are begun before their answers are asked for


def ordered(
    make: Callable[..., Callable], arguments: tuple, tasks: Iterable, workers: int, start: str = "spawn"
) -> Generator[Any, None, None]:
    """Yield `make(*arguments)(task)` for every task, in order; tasks are taken as they are needed.

    Close it to end the workers. They leave signals to this process and end when it does, even when it is killed.

    Args:
        make: called once in each worker process.
        arguments, tasks: what can be pickled; with "fork" arguments may be anything.
        workers: processes; 0: in this process.
        start: "spawn", for work that uses networks: Paddle and OpenVINO do not outlive a fork. "fork", for work with
            large arguments, which are shared then, and not copied.
    Raises: what the work raises; UserError when a worker dies.
    """
    if not workers:
        yield from map(make(*arguments), tasks)
        return
    context = multiprocessing.get_context(start)
    ending = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (make, arguments, ending))
    pending: deque[Future] = deque()
    try:
        _start_processes(pool)
        for task in tasks:
            pending.append(pool.submit(_run, task))
            if len(pending) >= AHEAD * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise UserError(
            "a worker process has died; lower their number (workers, data.workers, --workers) if memory ran out"
        ) from None
    finally:
        ending.set()
        pool.shutdown(cancel_futures=True)


def _start_processes(pool):
    """Start them while OpenCV has no threads here, and with all garbage kept: a forked child would wait for ever for
    its parent's threads, OpenCV's or, collecting garbage, those of a network that nobody uses any more."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    gc.freeze()
    try:
        pool.submit(int)
    finally:
        gc.unfreeze()
        cv2.setNumThreads(threads)


class _Worker:
    """What a worker process knows."""

    make: Callable[..., Callable]
    arguments: tuple
    ending: Any
    work: Callable | None = None


def _begin(make, arguments, ending):
    """Start of a worker. Ctrl-C and SIGTERM are its parent's business: both may reach the whole group, and a parent in
    training finishes its step first."""
    _Worker.make, _Worker.arguments, _Worker.ending = make, arguments, ending
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a parent in training holds signals back
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    """Ends the process when its parent is gone, or when it is still here GRACE seconds after it was told to end: in a
    pool of which another worker has died."""
    parent, told = multiprocessing.parent_process().sentinel, None
    while not wait([parent], timeout=1):
        if _Worker.ending.is_set():
            told = told or time.monotonic()
            if time.monotonic() - told > GRACE:
                break
    os._exit(1)


def _run(task):
    if _Worker.ending.is_set():
        return None
    if _Worker.work is None:
        _Worker.work = _Worker.make(*_Worker.arguments)
    return _Worker.work(task)
