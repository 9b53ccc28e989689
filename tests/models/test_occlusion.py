"""The occlusion segmenter: its size, its answer."""

import numpy as np
import paddle

from paddle_mfs.models import create_model
from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.weights import bundled, load_state, read_card, sha256


def test_size_and_answer():
    network = create_model("occlusion", weights="bundled")
    learned = sum(p.size for p in network.parameters())
    assert 100_000 < learned < 250_000
    path, card = bundled("occlusion"), read_card(bundled("occlusion"))
    assert path.stat().st_size < 1e6 and card["sha256"] == sha256(path) and card["parameters"] == learned
    assert all((value == value.astype(np.float16)).all() for value in load_state(path).values())
    x = paddle.to_tensor(np.random.default_rng(0).uniform(0, 1, (2, 3, 112, 112)).astype(np.float32))
    with paddle.no_grad():
        found = network(x).numpy()
        with plain_operators():
            plain = network(x).numpy()
    assert found.shape == (2, 1, 112, 112) and (found >= 0).all() and (found <= 1).all()
    assert found.std() > 0.01 and np.abs(found - plain).max() < 1e-4
