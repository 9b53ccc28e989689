"""Smoothing in time: the One-Euro filter.

Casiez, Roussel, Vogel: "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems",
CHI 2012, https://gery.casiez.net/1euro/.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


class OneEuro:
    """A low-pass filter whose cutoff rises with speed: still things hold still, moving things do not lag.

    All of an array shares one cutoff, so that its shape is kept; its rows along the last axis are points, and its speed
    is the root mean square of theirs. Time is in seconds and may advance unevenly. A filtered value always lies between
    the last one and the new one, so nothing overshoots.

    Args:
        min_cutoff: Hz, what still points are filtered with.
        beta: Hz per unit of speed (`scale` a second); 0: a plain exponential filter.
        speed_cutoff: Hz, what the velocities themselves are filtered with.
        slack: how far, root mean square over the points, the filtered value may stay behind the new one, in units of
            `scale`. (Not in the paper, whose filter is slow for a moment where a motion turns round.)
    """

    # For landmarks, in face sizes (the longer side of the face's box) and seconds, so the same at any resolution and
    # frame rate. Still: 0.3 Hz averages over 1 / (2 pi 0.3) = 0.5 s. Noise of 0.001 of the face a frame, at 30 frames a
    # second, looks like a speed of about 0.005 behind the 1 Hz filter and adds 0.3 Hz: still quiet. Moving: 60 Hz times
    # the speed v is a lag of 1 / (2 pi 60 v) seconds, which is 1 / (2 pi 60) = 0.003 of the face at any speed; under a
    # 30th of a second from v = 0.08 on. Slack: ten times the noise, and still only 2 pixels of a 224 px crop.
    def __init__(
        self, min_cutoff: float = 0.3, beta: float = 60.0, speed_cutoff: float = 1.0, slack: float = 0.01
    ) -> None:
        self.min_cutoff, self.beta, self.speed_cutoff, self.slack = min_cutoff, beta, speed_cutoff, slack
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next value comes out as it is."""
        self._time: float | None = None
        self._raw = self._value = self._velocity = np.zeros(0)

    def __call__(self, value: ArrayLike, time: float, scale: float = 1.0) -> np.ndarray:
        """The smoothed `value` (any shape, always the same one) at `time` in seconds, float64.

        scale: the unit of length for speeds, in units of `value`. A time that does not advance starts the filter anew.
        """
        value = np.asarray(value, np.float64)
        if self._time is None or time <= self._time:
            self._value, self._velocity = value, np.zeros_like(value)
        else:
            step, cutoff = time - self._time, self.min_cutoff
            if self.beta:
                velocity = (value - self._raw) / (step * scale)
                self._velocity = self._velocity + _weight(self.speed_cutoff, step) * (velocity - self._velocity)
                cutoff += self.beta * _rms(self._velocity)
            behind = (value - self._value) * (1 - _weight(cutoff, step))
            if self.beta:
                behind *= min(1.0, self.slack * scale / max(_rms(behind), 1e-12))
            self._value = value - behind
        self._time, self._raw = time, value
        return self._value


def _rms(vectors):
    return float(np.sqrt((vectors**2).sum(-1).mean()))


def _weight(cutoff, step):
    """The new value's weight in an exponential filter of this cutoff (Hz), `step` seconds after the last (eq. 3, 5)."""
    turn = 2 * np.pi * cutoff * step
    return turn / (turn + 1)
