"""Weights trained without the fusion mask (configs/ablations/no_fusion_mask.yml): from the file to the phone."""

import cv2
import numpy as np
import paddle
import pytest

from paddle_mfs.bench.plain import save_plain
from paddle_mfs.export.check import compare, crops_to_batch, reference
from paddle_mfs.export.paddle import export_paddle
from paddle_mfs.face.align import align
from paddle_mfs.face.geometry import invert
from paddle_mfs.graph.idn_runner import idn_runner
from paddle_mfs.models.mfs import MobileFaceSwap
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.swap.identity import load_identity, save_identity
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.weights import save_state


@pytest.fixture(scope="module", params=["aligned", "mobile"])
def unmasked(request, samples, tmp_path_factory):
    """A FaceSwapper of random weights without a mask."""
    paddle.seed(4)
    path = tmp_path_factory.mktemp("weights") / "no_mask.pdparams"
    save_state(path, MobileFaceSwap(mobile=request.param == "mobile", masked=False).state_dict(), half=True)
    return FaceSwapper(samples / "source.jpg", path)


def test_the_crop_is_painted_whole_and_fades_at_its_border(unmasked, target):
    """A user sees the whole aligned square changed, without a hard edge; outside it every pixel stays."""
    result, face = unmasked.swap(target), unmasked.analyser.largest(target)
    change = np.abs(result.astype(int) - target)
    painted, mask = unmasked.paint(align(target, face.five, 224)[0])
    assert (mask == 1).all() and 0 <= painted.min() and painted.max() <= 1
    square = cv2.warpAffine(
        np.ones((224, 224), np.float32), invert(align(target, face.five, 224)[1]), target.shape[1::-1]
    )
    inside = cv2.erode(square, np.ones((25, 25))) > 0.99
    assert (change.max(2)[inside] > 0).mean() > 0.9 and not change[square == 0].any()
    edge = (square > 0) & (cv2.erode(square, np.ones((5, 5))) == 0)
    assert change[edge].mean() < 0.5 * change[inside].mean()


def test_an_identity_file_keeps_that_it_has_no_mask(unmasked, target, tmp_path):
    path = tmp_path / "someone.identity"
    save_identity(path, unmasked.identity, target)
    again = load_identity(path)
    assert not again.idn.masked and again.idn.mobile == unmasked.identity.idn.mobile
    assert again.idn.state_dict().keys() == unmasked.identity.idn.state_dict().keys()
    batch = crops_to_batch([again.crop])[:1]
    assert (again.run(batch)[0] == unmasked.identity.run(batch)[0]).all()


@pytest.mark.parametrize("engine", ["paddle", "openvino", "lite"])
def test_every_engine_gives_the_pixels_of_dygraph(unmasked, engine):
    idn, batch = unmasked.identity.idn, crops_to_batch([unmasked.identity.crop])
    assert compare(engine, reference(idn, batch), batch, idn_runner(idn, engine)) < 1e-5


def test_the_export_has_a_mask_of_ones(unmasked, tmp_path):
    idn, batch = unmasked.identity.idn, crops_to_batch([unmasked.identity.crop])
    card = export_paddle(unmasked.identity, tmp_path / "deploy")
    assert [output["name"] is not None for output in card["outputs"]] == [True, True]
    save_plain(idn, tmp_path)
    for program in (tmp_path / "deploy" / "idn.pdmodel", tmp_path / "idn.pdmodel"):
        run = PaddleRunner(program)
        assert (run(batch[:1])[1] == 1).all() and run(batch[:1])[1].shape == (1, 1, 224, 224)
        assert compare(program, reference(idn, batch), batch, run) < 1e-5
