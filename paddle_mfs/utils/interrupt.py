"""Ctrl-C between two steps."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Within this context Ctrl-C (or SIGTERM) waits: it interrupts nothing and is seen when `requested` is asked.

    An exception raised wherever the signal happens to land can be lost in Paddle's C++, and a handler that runs during
    one of MKL's matrix products, with OpenVINO loaded, has been seen to crash the process. Main thread only.
    """

    def __init__(self):
        self._seen = False

    def __enter__(self):
        self._handlers = {number: signal.signal(number, self._handle) for number in SIGNALS}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        return self

    def __exit__(self, *_):
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _handle(self, number, frame):
        self._seen = True

    @property
    def requested(self) -> bool:
        """Has a signal come so far? A waiting one is let in here."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        return self._seen
