"""Pictures that were seen before: the same bytes, or nearly the same aligned face."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 16  # of the perceptual hash: 16 x 16 bits
# Bits in which two hashes may differ. A face recompressed (JPEG 50), reduced to two thirds, cropped, brightened or
# turned by 5 degrees and found again differs in 20 at most; 206 pictures of different people, or of one person in two
# poses, in 54 at least.
NEAR = 32


def perceptual_hash(crop: np.ndarray) -> np.ndarray:
    """(32,) uint8, 256 bits: the signs of the lowest 16 x 16 cosine coefficients about their median ("pHash").

    crop: (S, S, 3) uint8 RGB, aligned.
    """
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(grey)[:SIDE, :SIDE]
    low[0, 0] = 0  # the mean brightness
    return np.packbits(low > np.median(low))


class Seen:
    """What was accepted so far. 40 bytes a face are held, and searched one by one: a few milliseconds for a million."""

    def __init__(self):
        self._count = 0
        self._hashes, self._digests = np.zeros((1024, SIDE * SIDE // 8), np.uint8), np.zeros(1024, np.uint64)

    def add(self, digest: str, hashed: np.ndarray) -> None:
        """digest: hex digest of the file's bytes; hashed: (32,) uint8, see `perceptual_hash`."""
        if self._count == len(self._digests):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
            self._digests = np.concatenate([self._digests, np.zeros_like(self._digests)])
        self._hashes[self._count], self._digests[self._count] = hashed, _number(digest)
        self._count += 1

    def same(self, digest: str) -> int | None:
        """Was a file with these bytes accepted? -> number of its face, or None."""
        found = np.flatnonzero(self._digests[: self._count] == _number(digest))
        return int(found[0]) if len(found) else None

    def near(self, hashed: np.ndarray) -> int | None:
        """Was a face accepted that is nearly this one? -> its number, or None."""
        if not self._count:
            return None
        known = self._hashes[: self._count]
        distance, nearest = cv2.batchDistance(hashed[None], known, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=1)
        return int(nearest[0, 0]) if distance[0, 0] <= NEAR else None


def _number(digest):
    return np.uint64(int(digest[:16], 16))
