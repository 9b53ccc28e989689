"""An IDN whose every weight matters: batch norms, biases and mask are far from 0, 1 and saturation."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def lively_idn():
    """IDN in eval mode with random weights: its result differs from its input, its mask is neither 0 nor 1. Do not change it."""
    return _lively(mobile=False)


@pytest.fixture(scope="session")
def lively_mobile_idn():
    """The same of the mobile variant."""
    return _lively(mobile=True)


def _lively(mobile):
    import paddle

    from paddle_mfs.models.idn import IDN

    rng, idn = np.random.RandomState(5), IDN(mobile)
    for name, value in idn.state_dict().items():
        shape = tuple(value.shape)
        if name.endswith("._variance"):
            drawn = rng.uniform(0.3, 2, shape)
        elif name.endswith("._mean") or name.endswith(".bias"):
            drawn = rng.uniform(-0.4, 0.4, shape)
        elif len(shape) == 1:
            drawn = rng.uniform(0.5, 1.5, shape)
        else:
            drawn = rng.normal(0, 1.2 / np.sqrt(np.prod(shape[1:])), shape)
        value.set_value(paddle.to_tensor(drawn.astype(np.float32)))
    idn.eval()
    return idn


@pytest.fixture(scope="session")
def picture():
    """(1, 3, 96, 96) float32 noise in [0, 1]."""
    return np.random.RandomState(6).rand(1, 3, 96, 96).astype(np.float32)
