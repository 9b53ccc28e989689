"""Writing another identity's weights into a .nb, without opt: what a phone does with a new source.

Paddle-Lite keeps weights in the file as plain float32, little-endian, one tensor after another, in an order of its own.
Where each stands is found by what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paddle_mfs.utils.errors import UserError

# precision -> why its files cannot be patched
REFUSED = {
    "int8": "its weights are stored in 8 bits, and the ranges of everything that follows belong to one identity",
}


class Segment(NamedTuple):
    """Weights that stand together: `length` values from weights[start] on are the bytes from `offset` on."""

    offset: int
    start: int
    length: int


def find(model: bytes, weights: Sequence[np.ndarray], name: str) -> list[Segment]:
    """Where a .nb holds these tensors -> a Segment each, `start` counted over all of them in their order.

    Args:
        model: the file's bytes, made from exactly these float32 values.
        name: of the file, for errors.
    Raises: UserError when one is not in it exactly once, or two overlap.
    """
    segments, start = [], 0
    for number, values in enumerate(weights):
        wanted = _bytes(values)
        offset = model.find(wanted)
        if offset < 0 or model.find(wanted, offset + 1) >= 0:
            how = "not" if offset < 0 else "more than once"
            raise UserError(
                f"{name}: predicted weight {number} of {len(weights)} is {how} in the file as it is; a source cannot "
                "be chosen on the phone for this target (--no-injection makes a bundle of one source)"
            )
        segments.append(Segment(offset, start, values.size))
        start += values.size
    placed = sorted(segments)
    if any(one.offset + 4 * one.length > other.offset for one, other in zip(placed, placed[1:])):
        raise UserError(f"{name}: two predicted weights overlap in the file; it cannot be patched")
    return segments


def patched(model: bytes, segments: Sequence[Segment], weights: np.ndarray) -> bytes:
    """The .nb with other weights, (N,) float32 in the order of the segments."""
    made = bytearray(model)
    for offset, start, length in segments:
        made[offset : offset + 4 * length] = _bytes(weights[start : start + length])
    return bytes(made)


def _bytes(values):
    return np.ascontiguousarray(values, "<f4").tobytes()
