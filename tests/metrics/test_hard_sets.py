"""The sets of samples/hard: their lists and pictures, how these were drawn, and a floor under the bundled weights."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import skin_colour
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.crop import load_crop
from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import load_pairs, load_sets
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled


@pytest.fixture(scope="module")
def sets(samples):
    return load_sets([samples / "hard"])


@pytest.fixture(scope="module")
def swap():
    return NetworkSwap(bundled("mfs_224"))


@pytest.fixture(scope="module")
def draw():
    return runpy.run_path(str(Path(__file__).with_name("draw_hard_sets.py")))


@pytest.fixture(scope="module")
def analyser():
    return FaceAnalyser()


@pytest.fixture(scope="module")
def face(samples, analyser):
    """Path, picture and landmarks of the held-out face 800004."""
    path = samples / "heldout" / "800004.jpg"
    image = read_image(path)
    return path, image, analyser.largest(image, str(path)).landmarks


def test_four_sets_of_forty_pairs_without_a_stray_picture(sets, samples):
    assert list(sets) == ["covered", "low_light", "source_glasses", "target_glasses"]
    named = {path.resolve() for pairs in sets.values() for pair in pairs.files for path in pair}
    named |= {path.resolve() for path in sets["covered"].masks.values()}
    here = [path for path in (samples / "hard").rglob("*") if path.suffix in (".jpg", ".png")]
    assert {path.resolve() for path in here} == {path for path in named if "hard" in path.parts}
    assert sum(path.stat().st_size for path in here) < 6e6
    for pairs in sets.values():
        assert all(len(set(side)) == 40 == len(side) for side in zip(*pairs.files))
        assert all(800_000 <= int(path.stem) < 900_000 for pair in pairs.files for path in pair)
    assert sets["covered"].masks.keys() == {target for _, target in sets["covered"].files}


def test_glasses_are_the_same_pairs_in_both_directions(sets):
    forth, back = ([(a.stem, b.stem) for a, b in sets[f"{side}_glasses"].files] for side in ("source", "target"))
    assert forth == [(b, a) for a, b in back]


def test_covered_pairs_are_held_out_pairs(sets, samples):
    plain = {(a.stem, b.stem) for a, b in load_pairs(samples / "heldout").files}
    assert {(a.stem, b.stem) for a, b in sets["covered"].files} <= plain


def test_a_covered_face_is_drawn_again_alike(draw, face, samples, analyser):
    path, image, landmarks = face
    seen, mask = draw["covered"](image, landmarks, int(path.stem))
    stored = samples / "hard" / "covered" / path.name
    assert psnr(np.mean((seen.astype(float) - read_image(stored)) ** 2)) > 33  # JPEG loss only
    assert np.mean(mask == (read_image(stored.with_suffix(".png"))[..., 0] > 127)) > 0.999
    crop = load_crop(stored, analyser)
    covered = crop.covered(stored.with_suffix(".png"))
    assert 0.02 < covered.sum() / (crop.oval > 0).sum() < 0.5 and not covered[crop.oval == 0].any()
    with pytest.raises(UserError, match="target.jpg: has another size"):
        crop.covered(samples / "target.jpg")


def test_low_light_leaves_the_cheeks_as_bright_as_said(draw, face):
    _, image, landmarks = face
    for index in range(3):
        cheeks = skin_colour(draw["in_low_light"](image, landmarks, index), landmarks)
        assert 15 < cheeks.mean() < 70 < skin_colour(image, landmarks).mean()


@pytest.mark.parametrize("name", ["source_glasses", "target_glasses"])
def test_glasses_cost_neither_identity_nor_background(samples, swap, name):
    report, _ = evaluate(load_pairs(samples / "hard" / name, 3), swap)
    distances = report["per_pair"]
    gains = [none - result for none, result in zip(distances["no_swap"], distances["result"])]
    assert np.mean(gains) > 0.08 and min(gains) > 0
    assert report["methods"]["result"]["background_psnr_db"] > 45
