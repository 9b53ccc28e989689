"""The bundled weights on the first ten held-out pairs: a floor under their scores, and the list of pairs itself."""

import pytest

from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import load_pairs
from paddle_mfs.weights import bundled


@pytest.fixture(scope="module")
def report(samples):
    return evaluate(load_pairs(samples / "heldout", 10), NetworkSwap(bundled("mfs_224")))[0]


def test_the_result_is_nearer_to_the_source_than_no_swap_by_a_margin(report):
    distances = report["per_pair"]
    gains = [none - result for none, result in zip(distances["no_swap"], distances["result"])]
    assert sum(gains) / len(gains) > 0.15 and min(gains) > 0
    assert report["progress"]["value"] > 0.75
    assert report["methods"]["result"]["share_same_person"] >= 0.8


def test_shape_and_background_stay_with_the_target(report):
    line = report["methods"]["result"]
    assert line["background_psnr_db"] > 45
    assert line["shape_median_per_mille"] < 15
    assert line["sharpness_median"] > 0.75


def test_large_faces_stay_sharp_in_their_pictures(samples):
    """Four pairs at 1024 px: plain, a target with glasses, a source with glasses, dark skin."""
    report, rows = evaluate(load_pairs(samples / "large"), NetworkSwap(bundled("mfs_224")))
    line = report["methods"]["result"]
    assert line["picture_sharpness_median"] > 0.9
    assert line["distance"]["value"] < 0.58 and len(rows) == 4


def test_each_face_is_a_source_and_a_target_and_below_the_reserved_indices(samples):
    pairs = load_pairs(samples / "heldout").files
    files = [path for pair in pairs[:100] for path in pair]
    assert len(files) == 200 == len(set(files)), "the first hundred pairs are disjoint"
    assert len(pairs) == 200 and all(sorted(side) == sorted(files) for side in zip(*pairs))
    assert all(800_000 <= int(path.stem) < 900_000 for path in files)
