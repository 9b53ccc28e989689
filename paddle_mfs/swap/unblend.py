"""The painted face from what the IDN gives, which is blended with the target already: one pass over the crop."""

from __future__ import annotations

import numba
import numpy as np

OPAQUE = 1e-3  # below this mask value the painted image cannot be told from the result, and is not seen
LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # ITU-R BT.601


_FRACTIONS = np.arange(256, dtype=np.float32) / np.float32(255)


def full_mask(mask: np.ndarray) -> np.ndarray:
    """The fusion mask (S, S) float32 as if it were wide open in the face: divided by its usual value there, at most 1.

    Networks open it by half only where the target's texture is to stay (configs/finetune_224.yml). What is painted
    behind such a mask is no face; what `unblend` finds behind this one is. No result is changed by it. A network
    without a mask has 1 everywhere, which stays: its crop is painted whole, and `paste` fades it out at its border.
    """
    sample = mask[::4, ::4]
    level = np.median(sample[sample >= sample.max() / 2])
    return np.minimum(mask / max(level, np.float32(OPAQUE)), np.float32(1)) if np.isfinite(level) else mask


def unblend(crop: np.ndarray, result: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Undo the blend result = painted * mask + crop * (1 - mask).

    Args:
        crop: (S, S, 3) uint8 RGB. result: (3, S, S) float32 RGB in [0, 1]; mask: (S, S) float32, any that is open where
            the result differs from the crop.
    Returns: painted (S, S, 3) float32 RGB in [0, 1], grey where the whole crop is grey; largest change |result - crop|,
        nan or infinite when the result is somewhere.
    """
    painted = np.empty(crop.shape, np.float32)
    change, is_grey = _unblend(crop, result, mask, _FRACTIONS, painted)
    if is_grey:
        painted = np.repeat(painted @ LUMA, 3, 2)
    return painted.clip(0, 1, out=painted), float(change)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _unblend(crop, result, mask, fractions, painted):
    """Write `painted`, not yet clipped nor grey -> largest |result - crop| (nan where there is one), is `crop` grey?"""
    change, is_grey = np.float32(0), True
    for y in range(crop.shape[0]):
        for x in range(crop.shape[1]):
            part = np.float32(1) / max(mask[y, x], np.float32(OPAQUE))
            is_grey &= crop[y, x, 0] == crop[y, x, 1] == crop[y, x, 2]
            for channel in range(3):
                old = fractions[crop[y, x, channel]]
                moved = result[channel, y, x] - old
                if not abs(moved) <= change:
                    change = abs(moved) if change == change else change
                painted[y, x, channel] = old + moved * part
    return change, is_grey
