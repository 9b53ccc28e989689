"""Stages that overlap: a generator runs in a thread of its own, a few items ahead of whoever uses them."""

import queue
import threading

_END = object()


def prefetch(items, depth=3):
    """Yield what `items` yields; a thread works up to `depth` items ahead.

    An exception of `items` is raised here. When this generator is closed, or fails, the thread ends, and with it `items`, so
    that a chain of them comes down from its last link.
    """
    results, stopped = queue.Queue(depth), threading.Event()

    def put(item):
        while not stopped.is_set():
            try:
                return results.put(item, timeout=0.1)
            except queue.Full:
                pass

    def work():
        try:
            for item in items:
                put((item, None))
                if stopped.is_set():
                    break
            last = None
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
