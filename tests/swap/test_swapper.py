"""Swapping real generated pictures with the bundled weights."""

import copy
import dataclasses

import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics.background import background_psnr
from paddle_mfs.models.embedder import load_encoder
from paddle_mfs.provenance import picture_sha256, read_provenance
from paddle_mfs.swap.baker import bake
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError


def outside_psnr(swapper, image, result):
    face = swapper.analyser.largest(image)
    return background_psnr(result, image, oval_mask(face.landmarks, *image.shape[:2]))


def test_face_changes_and_background_does_not(swapper, target, result):
    assert result.shape == target.shape and result.dtype == np.uint8
    inside = oval_mask(swapper.analyser.largest(target).landmarks, *target.shape[:2]) > 0
    assert np.abs(result[inside].astype(int) - target[inside]).mean() > 4
    assert outside_psnr(swapper, target, result) >= 40
    assert (result[:40] == target[:40]).all(), "far from the face pixels stay as they were, bit for bit"


def test_identity_moves_to_the_source(swapper, samples, target, result):
    """With the recogniser that took no part in training or injection."""
    from paddle_mfs.metrics.identity import Recogniser, distance

    source, analyser = read_image(samples / "source.jpg"), swapper.analyser
    five = analyser.largest(target).five
    wanted, before, after = Recogniser().descriptors(
        [source, target, result], [analyser.largest(source).five, five, five]
    )
    no_swap, swapped = distance(wanted, before), distance(wanted, after)
    assert swapped < no_swap - 0.1 and swapped < 0.65, (no_swap, swapped)


def test_array_and_file_sources_agree(samples, target, result, swapper):
    from_array = bake(read_image(samples / "source.jpg"), analyser=swapper.analyser)
    other = copy.copy(swapper)
    other.identity = from_array
    assert (other.swap(target) == result).all()
    assert from_array.name == "source" and swapper.identity.name == "source"
    assert swapper.identity.facts["source_sha256"] == picture_sha256(samples / "source.jpg")


def test_which_face(swapper, samples, target):
    other = read_image(sorted((samples / "faces").glob("*.jpg"))[0])
    small = np.full((target.shape[0], other.shape[1], 3), 128, np.uint8)
    small[: other.shape[0]] = other
    both = np.concatenate([target, small], 1)
    edge = target.shape[1]

    def changed(face):
        difference = (swapper.swap(both, face) != both).any(-1)
        return bool(difference[:, :edge].any()), bool(difference[:, edge:].any())

    assert changed("largest") == (True, False) == changed(0) == changed(None)
    assert changed("1") == (False, True) and changed("all") == (True, True)
    both = np.ascontiguousarray(both[:, ::-1])  # the largest is on the right now
    edge = small.shape[1]
    assert changed("largest") == (False, True) == changed(1) and changed(0) == (True, False)
    with pytest.raises(UserError, match="no face 2; 2 found"):
        swapper.swap(both, 2, "both.png")
    with pytest.raises(UserError, match="choose largest, all or an index"):
        swapper.swap(both, "left")


def test_faces_already_found(swapper, target, result):
    face, given = swapper.analyser.largest(target), target.copy()
    assert (swapper.swap_faces(given, [face]) == result).all() and (given == target).all()
    assert swapper.swap_faces(given, [face], inplace=True) is given and (given == result).all()
    assert (swapper.swap_faces(target, []) == target).all()


def test_shut_mask_is_an_error(swapper, target):
    """Weights that leave the target as it is are told, not shown; among the frames of a clip they pass through."""
    idn = copy.deepcopy(swapper.identity.idn)
    name, bias = [(n, p) for n, p in idn.mask.named_parameters() if n.endswith("bias")][-1]
    bias.set_value(np.full(bias.shape, -60, np.float32))
    broken = copy.copy(swapper)
    broken.identity = dataclasses.replace(swapper.identity, idn=idn)
    with pytest.raises(UserError, match="face.png: the swap failed"):
        broken.swap(target, name="face.png")
    assert (broken.swap_faces(target, [swapper.analyser.largest(target)]) == target).all()
    bias.set_value(np.full(bias.shape, np.nan, np.float32))
    broken.identity = dataclasses.replace(swapper.identity, idn=idn)  # a runner keeps the weights it began with
    with pytest.raises(UserError, match="the swap failed: .* nan of 255"):
        broken.swap(target)


def test_no_face(swapper):
    with pytest.raises(UserError, match="wall.png: no face found"):
        swapper.swap(np.full((200, 200, 3), 90, np.uint8), name="wall.png")
    with pytest.raises(UserError, match="source: no face found"):
        bake(np.full((200, 200, 3), 90, np.uint8), analyser=swapper.analyser)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_file_carries_its_provenance(swapper, samples, result, tmp_path, suffix):
    output = tmp_path / f"new/swapped.{suffix}"
    assert (swapper.swap_file(samples / "target.jpg", output) == result).all()
    record = read_provenance(output)
    assert record["synthetic"] is True and record["source_sha256"] == picture_sha256(samples / "source.jpg")
    assert record["target_sha256"] == picture_sha256(samples / "target.jpg")
    assert len(record["weights"]["sha256"]) == 64 and record["weights"]["licence"]
    if suffix == "png":
        assert (read_image(output) == result).all()


def test_widths_must_match(swapper, samples, tmp_path):
    """Weights of the public layout want the public encoder."""
    from paddle_mfs.models.mfs import MobileFaceSwap
    from paddle_mfs.weights import save_state

    path = tmp_path / "MobileFaceSwap_224.pdparams"
    save_state(path, MobileFaceSwap(512, 512, residual=False).state_dict(), half=True)
    with pytest.raises(UserError, match=r"MobileFaceSwap_224.pdparams: want .*512.*arcface.pdparams"):
        bake(samples / "source.jpg", weights=path, analyser=swapper.analyser)
    with pytest.raises(UserError, match="not an identity encoder"):
        load_encoder(path)


@pytest.mark.slow
def test_public_pair_loads(samples, target, tmp_path):
    """Files with the public names and shapes (random numbers, the mask half open) run from end to end."""
    import paddle

    from paddle_mfs.models import create_model
    from paddle_mfs.models.mfs import MobileFaceSwap
    from paddle_mfs.weights import save_state

    weights, encoder = tmp_path / "MobileFaceSwap_224.pdparams", tmp_path / "arcface.pdparams"
    net = MobileFaceSwap(512, 512, residual=False)
    last = list(net.mask.children())[-1]
    last.weight.set_value(paddle.zeros_like(last.weight))  # random ones shut it now and then
    save_state(weights, net.state_dict())
    save_state(encoder, create_model("arcface").state_dict())
    swapper = FaceSwapper(samples / "source.jpg", weights, encoder)
    assert (swapper.swap(target) != target).any()
    assert swapper.identity.facts["encoder"]["file"] == "arcface.pdparams"


def test_a_grey_picture_stays_grey(swapper, samples):
    grey = np.repeat(read_image(samples / "target.jpg").mean(2, keepdims=True).astype(np.uint8), 3, 2)
    result = swapper.swap(grey)
    assert (result == result[..., :1]).all() and np.abs(result.astype(int) - grey).max() > 20


def test_another_source_with_the_same_networks(swapper, samples, target, result):
    other = swapper.with_source(samples / "faces" / "800509.jpg")
    assert other.identity.name == "800509" and other.baker is swapper.baker and swapper.identity.name == "source"
    assert (other.swap(target) != result).any() and (swapper.swap(target) == result).all()
