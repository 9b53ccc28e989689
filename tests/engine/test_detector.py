"""The small detector: it learns what is there to learn, nothing where nothing is, and says what it lacks."""

import io
import json

import numpy as np
import pytest

from paddle_mfs.data.forensics import KIND
from paddle_mfs.data.ladder import encode_jpeg, encode_png
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.engine.detector import features, train_detector
from paddle_mfs.provenance import provenance

SIDE = 64
PEOPLE = {"train": 24, "val": 8, "test": 16}


def picture(seed):
    """A smooth picture with noise, (64, 64, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    waves = sum(40 * np.sin(x * rng.uniform(0, 0.3) + y * rng.uniform(0, 0.3) + rng.uniform(0, 6)) for _ in range(3))
    image = 128 + waves[..., None] * rng.uniform(0.5, 1, 3) + rng.normal(0, rng.uniform(4, 8), (SIDE, SIDE, 3))
    return image.clip(0, 255).astype(np.uint8)


def write(folder, forge):
    """A set whose fakes are `forge(real)`."""
    record, landmarks = provenance(), io.BytesIO()
    np.save(landmarks, np.random.default_rng(0).uniform(16, 48, (468, 2)).astype(np.float32))
    for number, (split, count) in enumerate(PEOPLE.items()):
        with ShardWriter(folder / split, KIND, {}) as writer:
            for one in range(count):
                real, label = picture((number, one)), f"{split}{one}"
                sides = {"real": real, "fake": forge(real)}
                members = {f"{name}.png": encode_png(image, record) for name, image in sides.items()}
                members |= {f"{name}.q50.jpg": encode_jpeg(image, 50, record) for name, image in sides.items()}
                members |= {"landmarks.npy": landmarks.getvalue(), "json": json.dumps({"label": label}).encode()}
                writer.add(members, {"label": label})
            writer.finish()
    return folder


def blurred(image):
    fake = image.copy()
    fake[16:48, 16:48] = (image[16:48, 16:48].astype(int) + image[17:49, 16:48] + image[16:48, 17:49]) // 3
    return fake


def test_learns_a_blurred_face(run_script, tmp_path):
    folder = write(tmp_path / "set", blurred)
    done = run_script("train_detector", folder, "--output", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["pairs"] == report["people"] == PEOPLE
    assert list(report["auc"]) == ["png", "q50.jpg"] and report["auc"]["png"]["low"] > 0.8
    for rung, found in report["auc"].items():
        assert f"{rung:8}" in done.stdout and f"{found['value']:.3f}" in done.stdout
    assert "test: 16 pairs" in done.stdout


def test_cannot_tell_identical_pictures(tmp_path):
    report = train_detector(write(tmp_path / "set", np.copy))
    assert {found["value"] for found in report["auc"].values()} == {0.5}


def test_features_are_of_the_face_alone():
    image, landmarks = picture(0), np.array([[16.0, 16.0], [47.0, 47.0]])
    elsewhere = image.copy()
    elsewhere[:16] = 0
    assert features(image, landmarks).shape == (192,)
    np.testing.assert_array_equal(features(image, landmarks), features(elsewhere, landmarks))
    flat = np.full_like(image, 100)
    dc, *rest = features(flat, landmarks)[:64]
    assert dc == pytest.approx(np.log1p(800), abs=1e-3) and np.abs(rest).max() < 1e-3


def test_what_is_no_whole_set_is_one_line(run_here, tmp_path):
    done = run_here("train_detector", tmp_path)
    assert done.returncode == 2 and "make_forensics_set" in done.stderr and done.stderr.count("\n") == 1
    for split in PEOPLE:
        (tmp_path / split).mkdir()
    done = run_here("train_detector", tmp_path)
    assert done.returncode == 2 and "not a folder of shards" in done.stderr and done.stderr.count("\n") == 1
