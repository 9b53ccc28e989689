"""What the sets of labelled images for Q share: what is kept for judging, and the size Q looks at."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from paddle_mfs.models.quality import SIZE
from paddle_mfs.utils.errors import UserError


def is_held_out(name: str, share: float) -> bool:
    """Is `name` (of an identity, of a pair) among the `share` (0..1) kept for judging?

    By its hash, so that it stays so when a set grows.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") < share * 2**64


def check_split(origin: str | Path, what: str, training: int, judging: int) -> None:
    """Raise UserError unless both sides of a split have two members at least."""
    if min(training, judging) < 2:
        raise UserError(
            f"{origin}: {training} {what} to train on and {judging} held out, two of each are wanted; "
            f"give more {what} or change data.held_out"
        )


def seen_by_q(image: np.ndarray) -> np.ndarray:
    """(S, S, 3) uint8 RGB, S >= 112 -> (112, 112, 3) by area resampling."""
    return cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
