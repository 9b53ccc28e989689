"""The plain export: a copy of the network as it is, of one without a fusion mask too."""

import numpy as np

from paddle_mfs.bench.plain import copy_of, exportable, save_plain
from paddle_mfs.export.check import reference
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.paddle import PaddleRunner


def test_exportable_is_a_copy(swapper):
    idn = swapper.identity.idn
    copied = exportable(idn).state_dict()
    for name, ours in idn.state_dict().items():
        theirs = copied[f"layer.{name}"]
        assert theirs is not ours and np.array_equal(ours.numpy(), theirs.numpy()), name


def test_an_idn_without_a_fusion_mask_gets_none(lively_idn, tmp_path):
    bare = IDN(masked=False)
    bare.set_state_dict(lively_idn.state_dict())
    bare.eval()
    assert set(copy_of(bare).state_dict()) == set(copy_of(bare, mobile=True).state_dict()) == set(bare.state_dict())
    crop = np.random.RandomState(1).rand(1, 3, 224, 224).astype(np.float32)
    wanted = reference(bare, crop)
    assert (wanted[1] == 1).all() and np.abs(wanted[0] - reference(lively_idn, crop)[0]).max() > 0.1
    save_plain(bare, tmp_path)
    result, mask = PaddleRunner(tmp_path / "idn.pdmodel")(crop)
    assert (mask == 1).all() and np.abs(result - wanted[0]).max() <= 1e-5
