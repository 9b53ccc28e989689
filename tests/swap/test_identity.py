"""Identity files: written, read, used like a picture, refused when they are damaged or of other weights."""

import copy
import zipfile

import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import load_identity, read_source, save_identity
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def baker(swapper):
    return swapper.baker


@pytest.fixture(scope="module")
def refined(baker, samples, tmp_path_factory):
    """An identity file whose IDN differs from the baked one, as a trained one does: its last bias is shifted."""
    identity = baker.identity(samples / "source.jpg")
    idn = identity.idn
    state = {name: value + (0.2 if name == "final.7.bias" else 0) for name, value in idn.state_dict().items()}
    assert any(name == "final.7.bias" for name in state), list(state)
    idn.set_state_dict(state)
    path = tmp_path_factory.mktemp("identity") / "someone.identity"
    identity.facts = {**identity.facts, "personalized": {"steps": 3}}
    save_identity(path, identity, read_image(samples / "source.jpg"))
    return path, identity


def test_written_and_read(refined, samples):
    path, identity = refined
    again = load_identity(path)
    assert again.name == "someone" and again.is_refined and again.facts["personalized"] == {"steps": 3}
    assert again.facts["source_sha256"] == identity.facts["source_sha256"] and len(again.facts["identity_sha256"]) == 64
    for name, value in identity.idn.state_dict().items():
        assert (again.idn.state_dict()[name].numpy() == value.numpy()).all(), name
    assert (read_source(path) == read_image(samples / "source.jpg")).all()
    assert (read_source(samples / "source.jpg") == read_image(samples / "source.jpg")).all()


def test_used_like_a_picture(refined, swapper, target, result):
    personal = FaceSwapper(refined[0])
    swapped = personal.swap(target)
    assert (swapped != result).any() and (swapped != target).any()
    assert personal.facts["personalized"] == {"steps": 3}
    halfway = copy_with(personal, SwapOptions(strength=0.5)).swap(target).astype(int)
    unrefined = copy_with(swapper, SwapOptions(strength=0.5)).swap(target)
    assert (halfway != unrefined).any(), "half of what was learned is there"
    assert np.abs(halfway - unrefined).mean() < np.abs(swapped.astype(int) - result).mean()


def copy_with(swapper, options):
    other = copy.copy(swapper)
    other.options = options
    return other


def test_several_photos_are_one_identity(baker, root, samples):
    photos = [root / "tests/fixtures/identities" / f"id009_{name}.jpg" for name in ("base", "yawl")]
    together, faces = baker.combined(photos)
    apart = [baker.identity(photo) for photo in photos]
    mean = sum(one.embedding for one in apart)
    assert np.allclose(together.embedding, mean / np.linalg.norm(mean), atol=1e-6) and len(faces) == 2
    assert (
        together.facts["source_sha256"] == [one.facts["source_sha256"] for one in apart]
        and together.name == "id009_base"
    )


def test_files_from_before_networks_without_a_mask_have_one(refined, tmp_path):
    with np.load(refined[0]) as archive:
        older = {name: archive[name] for name in archive.files if name != "masked"}
    with open(tmp_path / "older.identity", "wb") as file:
        np.savez(file, **older)
    assert load_identity(tmp_path / "older.identity").idn.masked


def test_damaged_and_foreign_files_are_told(refined, baker, tmp_path):
    for content in (b"words", refined[0].read_bytes()[:5000]):
        (tmp_path / "bad.identity").write_bytes(content)
        with pytest.raises(UserError, match="bad.identity: not a readable identity file"):
            load_identity(tmp_path / "bad.identity")
    with np.load(refined[0]) as archive:
        parts = {name: archive[name] for name in archive.files}
    for damage in (
        {"facts": "{"},
        {"facts": "[]"},
        {"facts": '{"weights": {}}'},
        {"portrait": None},
        {"crop": np.zeros(3)},
    ):
        kept = {name: value for name, value in {**parts, **damage}.items() if value is not None}
        with open(tmp_path / "bad.identity", "wb") as file:
            np.savez(file, **kept)
        with pytest.raises(UserError, match="bad.identity: not a readable identity file"):
            load_identity(tmp_path / "bad.identity")
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "bad.identity", "w") as archive:  # 4 TiB of which no byte is there
        archive.writestr("crop.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(UserError, match="bad.identity: not a readable identity file"):
        load_identity(tmp_path / "bad.identity")
    with pytest.raises(UserError, match="none.identity: no such identity file"):
        baker.identity(tmp_path / "none.identity")
    other = Baker.__new__(Baker)
    other.__dict__.update(baker.__dict__, facts={**baker.facts, "weights": {**baker.facts["weights"], "sha256": "0"}})
    with pytest.raises(UserError, match="someone.identity: was made from other weights"):
        other.identity(refined[0])
