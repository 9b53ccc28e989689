"""Regions of the face mesh."""

import numpy as np

from paddle_mfs.face import regions


def test_regions(reference):
    assert len(regions.OVAL) == 36 and len(regions.LEFT_EYE) == len(regions.RIGHT_EYE) == 16
    assert len(set(regions.INNER_LIPS)) == 20 and len(set(regions.OUTER_LIPS)) == 20
    mask = regions.oval_mask(reference.landmarks, 512, 512)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 255}
    x, y = reference.five.round().astype(int).T
    assert (mask[y, x] == 255).all() and mask[0, 0] == 0
    box = reference.box
    assert 0.6 < (mask > 0).sum() / ((box[2] - box[0]) * (box[3] - box[1])) < 0.9
    lips = regions.region_mask(reference.landmarks, regions.OUTER_LIPS, 512, 512) > 0
    assert (regions.region_mask(reference.landmarks, regions.INNER_LIPS, 512, 512)[~lips] == 0).all()
