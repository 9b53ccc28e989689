"""Source, target and result in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from paddle_mfs.utils.drawing import text_strip


def side_by_side(pictures: Sequence[np.ndarray], captions: Sequence[str] = (), gap: int = 8) -> np.ndarray:
    """Pictures (H, W, 3) uint8 RGB in one row on white, all as high as the last one, with a line of text under each."""
    height = pictures[-1].shape[0]
    row = []
    for number, picture in enumerate(pictures):
        if picture.shape[0] != height:
            width = max(1, round(picture.shape[1] * height / picture.shape[0]))
            smaller = height < picture.shape[0]
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        if captions:
            picture = np.concatenate([picture, text_strip(captions[number], picture.shape[1], 28, 18, is_centred=True)])
        row += [np.full((picture.shape[0], gap, 3), 255, np.uint8), picture]
    return np.concatenate(row[1:], 1)
