"""Putting a swapped crop back into its picture: only the face's rectangle is computed, the rest stays bit for bit."""
import cv2
import numpy as np

from paddle_mfs.face.geometry import invert, transform, warp

EDGE = 0.03              # the mask fades to 0 over this part of the crop's side, so that the crop's border never shows
NEGLIGIBLE = 1 / 512     # a mask below this changes no 8-bit value by more than half a step
STRIP = 1 << 18          # pixels blended at a time; keeps the work in the cache


def paste(image, result, mask, matrix, inplace=False):
    """Blend a crop into the picture it was cut from: image * (1 - m) + result * m, in the picture's own frame.

    Args:
        image: (H, W, 3) uint8 RGB.
        result: (S, S, 3) RGB, uint8 or float in [0, 1].
        mask: (S, S) float in [0, 1], 1 = take the result.
        matrix: (2, 3), image -> crop, as `align` returns it.
        inplace: write into `image` instead of a copy.
    Returns: (H, W, 3) uint8 RGB; pixels the mask does not reach are bit-identical to `image`.
    """
    if mask.shape != result.shape[:2]:
        raise ValueError(f"paste: mask {mask.shape} and result {result.shape} differ in size")
    scale = np.float32(1 if result.dtype == np.uint8 else 255)
    result = result.astype(np.float32) * scale
    mask = _faded(mask)
    output = image if inplace else image.copy()
    x1, y1, x2, y2 = _rectangle(mask, matrix, image.shape)
    if x2 <= x1 or y2 <= y1:
        return output
    rows = max(STRIP // (x2 - x1), 16)
    for top in range(y1, y2, rows):
        _blend(output[top:min(top + rows, y2), x1:x2], result, mask, matrix, (x1, top))
    return output


def _blend(part, result, mask, matrix, corner):
    """Blend into `part`, the view of the picture whose first pixel is `corner`."""
    to_part = invert(matrix)
    to_part[:, 2] -= corner
    size = part.shape[1], part.shape[0]
    weight = warp(mask, to_part, size, cv2.INTER_LINEAR)[..., None]
    face = warp(result, to_part, size, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    np.clip(face, 0, 255, out=face)
    face -= part
    face *= weight
    face += part
    part[...] = np.rint(face, out=face).astype(np.uint8)


def _faded(mask):
    """The mask as float32, exactly 0 where negligible, fading to 0 at the crop's border."""
    mask = np.asarray(mask, np.float32)
    ramps = []
    for length in mask.shape:
        distance = np.minimum(np.arange(length), np.arange(length)[::-1])
        ramps.append((distance / max(EDGE * length, 1)).clip(0, 1))
    mask = mask * np.minimum.outer(*ramps).astype(np.float32)
    return np.where(mask < NEGLIGIBLE, np.float32(0), mask)


def _rectangle(mask, matrix, shape):
    """x1 y1 x2 y2 (end exclusive) of the picture's pixels that the mask reaches; empty when there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    left, right, top, bottom = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
    corners = transform(np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float64), invert(matrix))
    x1, y1 = np.floor(corners.min(0)).astype(int) - 1
    x2, y2 = np.ceil(corners.max(0)).astype(int) + 2
    return max(x1, 0), max(y1, 0), min(x2, shape[1]), min(y2, shape[0])
