"""Stages that overlap: a generator runs in a thread of its own, a few items ahead of whoever uses them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from typing import Any, TypeVar

_END = object()
Item = TypeVar("Item")


def prefetch(items: Generator[Item, None, None], depth: int = 3) -> Generator[Item, None, None]:
    """Yield what `items` yields; a thread works up to `depth` items ahead.

    An exception of `items` is raised here. When this generator is closed, or fails, the thread ends, and with it
    `items`, so that a chain of them comes down from its last link.
    """
    results: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: tuple[Any, BaseException | None]) -> None:
        while not stopped.is_set():
            try:
                return results.put(item, timeout=0.1)
            except queue.Full:
                pass

    def work() -> None:
        try:
            for item in items:
                put((item, None))
                if stopped.is_set():
                    break
            last: BaseException | None = None
        except BaseException as error:  # it is raised in the thread that uses the items
            last = error
        finally:
            items.close()
        put((_END, last))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = results.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stopped.set()
        thread.join()
