"""Q: paddle.vision's ResNet-18 at width 64, narrower ones by their files."""

import numpy as np
import paddle
import pytest
from paddle.vision.models import resnet18

from paddle_mfs.models.quality import QualityNet, load_quality
from paddle_mfs.ops.resample import area_resize
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import save_state


def test_width_64_is_paddle_visions_resnet18():
    net, original = QualityNet(), resnet18(num_classes=1)
    assert {n: v.shape for n, v in net.state_dict().items()} == {n: v.shape for n, v in original.state_dict().items()}
    net.set_state_dict(original.state_dict())
    net.eval(), original.eval()
    x = paddle.rand([1, 3, 112, 112])
    np.testing.assert_allclose(
        net(x).numpy(), paddle.nn.functional.sigmoid(original(x * 2 - 1))[:, 0].numpy(), rtol=1e-5
    )


def test_any_crop_size_is_judged_at_112(tmp_path):
    paddle.seed(0)
    untrained = QualityNet(8)
    untrained.fc.weight.set_value(untrained.fc.weight * 1e-3)  # or its sigmoid is saturated
    save_state(tmp_path / "q.pdparams", untrained.state_dict(), half=True)
    net = load_quality(tmp_path / "q.pdparams")
    assert net.conv1.weight.shape[0] == 8 and not net.training and all(p.stop_gradient for p in net.parameters())
    x = paddle.rand([2, 3, 224, 224])
    q = net(x).numpy()
    assert q.shape == (2,) and ((0 < q) & (q < 1)).all()
    np.testing.assert_allclose(q, net(area_resize(x, 112)).numpy(), rtol=1e-5)


def test_weights_of_another_network_are_refused(tmp_path):
    save_state(tmp_path / "x.pdparams", {"conv1.weight": np.zeros((8, 3, 7, 7), np.float32)})
    with pytest.raises(UserError, match="missing keys"):
        load_quality(tmp_path / "x.pdparams")
