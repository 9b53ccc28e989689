"""The painted face behind a blend, also where the mask is only half open."""

import numpy as np
import pytest

from paddle_mfs.swap.unblend import full_mask, unblend


@pytest.mark.parametrize("opening", [1.0, 0.5])
def test_what_is_revealed_blends_to_the_result_again(opening):
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    face = np.zeros((32, 32), np.float32)
    face[4:28, 6:26] = 1
    face[4:28, [6, 25]] = 0.3  # the rim
    wanted = rng.random((32, 32, 3), dtype=np.float32)
    target = crop / np.float32(255)
    result = target + (wanted - target) * face[..., None]  # what the network shows, whatever its mask
    mask = full_mask(face * np.float32(opening))
    np.testing.assert_allclose(mask, face, atol=1e-6)
    painted, change = unblend(crop, result.transpose(2, 0, 1), mask)
    assert change == pytest.approx(np.abs(result - target).max(), abs=1e-6)
    np.testing.assert_allclose(painted * mask[..., None] + target * (1 - mask[..., None]), result, atol=1e-5)
    np.testing.assert_allclose(painted[face == 1], wanted[face == 1], atol=1e-5)


def test_a_shut_mask_opens_nothing():
    shut = np.full((16, 16), 1e-6, np.float32)
    assert full_mask(shut).max() < 0.01 and np.isnan(full_mask(np.full((16, 16), np.nan, np.float32))).all()
