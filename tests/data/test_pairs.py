"""Training batches: shapes, same-identity pairs, supervised regions, repeatability."""

import contextlib
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from paddle_mfs.data.aligned_face import mirrored
from paddle_mfs.data.crops import Crops, prepare, save_crops
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.data.pairs import PairSampler, batches, supervised_regions
from paddle_mfs.models import create_model
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def crops(samples):
    return prepare(samples / "faces").resized(64)


def sampler(crops, same, seed=0, identities=3, targets=2):
    return PairSampler(crops, create_teacher({"name": "mesh"}), identities, targets, same, seed)


def test_batch_shapes_and_ranges(crops):
    batch = next(sampler(crops, 0.5).stream())
    assert batch.sources.shape == (3,) and batch.targets.shape == batch.taught.shape == (6, 3, 64, 64)
    assert batch.background.shape == batch.core.shape == (6, 1, 64, 64)
    assert batch.targets.dtype == np.uint8 and set(np.unique(batch.core)) <= {0, 1}
    assert not (batch.background & batch.core).any()


def test_all_same_identity_teaches_the_target_itself(crops):
    batch = next(sampler(crops, 1.0).stream())
    assert batch.same.all()
    np.testing.assert_array_equal(batch.taught, batch.targets)


def test_no_same_identity_changes_faces_and_keeps_the_background(crops):
    batch = next(sampler(crops, 0.0).stream())
    assert not batch.same.any()
    changed = np.abs(batch.taught.astype(int) - batch.targets)
    assert (changed * batch.core).max() > 10 and (changed * batch.background).max() <= 3


def test_half_same_identity_is_about_half(crops):
    shares = [batch.same.mean() for batch in itertools.islice(sampler(crops, 0.5, identities=8).stream(), 12)]
    assert 0.35 < np.mean(shares) < 0.65


def test_same_identity_uses_another_photo_where_there_is_one(crops):
    two = Crops(crops.images[:4], crops.landmarks[:4], ["ann/1.jpg", "ann/2.jpg", "bob/1.jpg", "bob/2.jpg"])
    pictures = {
        mirrored(image, landmarks)[0].tobytes() if flip else image.tobytes(): index
        for index, (image, landmarks) in enumerate(zip(two.images, two.landmarks))
        for flip in (0, 1)
    }
    seen = set()
    for batch in itertools.islice(sampler(two, 1.0).stream(), 6):
        for row, target in enumerate(batch.targets):
            index = pictures[np.ascontiguousarray(target.transpose(1, 2, 0)).tobytes()]
            source = int(batch.sources[row // 2]) // 2
            assert index // 2 == source // 2
            seen.add(index == source)
    assert seen == {True, False}


def test_a_seed_repeats_itself(crops):
    one, again, other = (next(sampler(crops, 0.3, seed).stream()) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, again))
    assert any((a != b).any() for a, b in zip(one, other))


def test_a_batch_is_a_function_of_its_number_whoever_makes_it(crops):
    wanted = list(itertools.islice(sampler(crops, 0.3).stream(), 6))
    for number in (4, 1, 5):
        assert all((a == b).all() for a, b in zip(wanted[number], sampler(crops, 0.3).batch(number)))
    for workers, rank, ranks in ((0, 0, 1), (1, 0, 1), (2, 0, 1), (0, 1, 2), (2, 1, 2)):
        with contextlib.closing(batches(sampler(crops, 0.3), workers, 1, rank, ranks)) as stream:
            for number in range(1 + rank, 6, ranks):
                assert all((a == b.numpy()).all() for a, b in zip(wanted[number], next(stream)))


def test_examples_are_always_the_same_and_taught(crops):
    cache = IdentityCache(FaceEmbedder(create_model("mobilefacenet", weights="bundled")), crops.resized(112))
    one, again = (
        PairSampler(crops, create_teacher({"name": "mesh"}), 3, 2, 0.5, seed, cache).examples(2) for seed in (0, 1)
    )
    assert (one[1].target == again[1].target).all() and (one[0].taught != one[0].target).any()
    assert one[0].embedding.shape == [1, 192] and one[0].feature.shape == [1, 512, 7, 7]


def test_worker_process_delivers_batches(crops):
    cv2.GaussianBlur(
        np.zeros((3000, 3000, 3), np.uint8), (31, 31), 5
    )  # OpenCV's threads run: a child must not wait for them
    with contextlib.closing(batches(sampler(crops, 0.3), workers=2)) as stream:
        batch, other = next(stream), next(stream)
        assert len(multiprocessing.active_children()) >= 2
    assert list(batch.targets.shape) == [6, 3, 64, 64] and (batch.targets != other.targets).any()
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_not_waited_for(crops, monkeypatch):
    monkeypatch.setattr(PairSampler, "_row", lambda *arguments: os._exit(9))
    with pytest.raises(UserError, match="has died"):
        next(batches(sampler(crops, 0.3), workers=1))
    assert not multiprocessing.active_children()


def test_an_error_in_a_worker_is_the_users_one_line(crops, monkeypatch):
    def damaged(*arguments):
        raise UserError("faces/00000.tar: record 7 cannot be read")

    monkeypatch.setattr(PairSampler, "_row", damaged)
    with pytest.raises(UserError, match="^faces/00000.tar: record 7 cannot be read$"):
        next(batches(sampler(crops, 0.3), workers=2))
    assert not multiprocessing.active_children()


TRAINING = """
import contextlib, sys, time
import multiprocessing
from paddle_mfs.data.crops import load_crops
from paddle_mfs.data.pairs import PairSampler, batches
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.interrupt import StopRequest

sampler = PairSampler(load_crops(sys.argv[1]).resized(64), create_teacher({"name": "mesh"}), 2, 2, 0.3)
with StopRequest() as stop, contextlib.closing(batches(sampler, workers=2)) as stream:
    next(stream)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    while not stop.requested:
        next(stream)
print("stopped", len(multiprocessing.active_children()), flush=True)
"""


@pytest.mark.parametrize("way", (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
def test_workers_end_with_their_parent_however_it_ends(crops, tmp_path, way):
    """Ctrl-C reaches the whole group, as in a terminal, and so may SIGTERM; a kill only the parent."""
    save_crops(tmp_path / "faces.npz", crops)
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(tmp_path / "faces.npz")],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        start_new_session=True,
    )
    children = [int(word) for word in process.stdout.readline().split()]
    assert len(children) == 2
    (os.kill if way == signal.SIGKILL else os.killpg)(process.pid, way)
    out, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    if way != signal.SIGKILL:
        assert out == "stopped 0\n" and process.returncode == 0
    deadline = time.time() + 20
    while any(map(is_running, children)) and time.time() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, children))


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_core_is_inside_and_background_outside_the_oval(crops):
    background, core = supervised_regions(crops.landmarks[0], 64)
    assert core[40, 32] and background[2, 2] and 0.05 < core.mean() < 0.6 and not (background & core).any()


def test_identity_cache_gives_each_face_and_its_mirror_its_own_features(crops):
    embedder = FaceEmbedder(create_model("mobilefacenet", weights="bundled"))
    full = crops.resized(112)
    cache = IdentityCache(embedder, full)
    z, f = cache([0, 3, 0])
    np.testing.assert_array_equal(z[0].numpy(), z[2].numpy())
    direct, feature = embedder.embed(np.stack([mirrored(full.images[1], full.landmarks[1])[0]]))
    np.testing.assert_allclose(z[1].numpy(), direct[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(f[1].numpy(), feature[0].numpy(), rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(z.numpy(), axis=1), 1, rtol=1e-5)
