"""Sets of shards: what is written is read back by number, stays when a run is killed, and takes no memory."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from paddle_mfs.data.aligned_face import face_members
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.shards import ShardReader, ShardWriter
from paddle_mfs.utils.errors import UserError

SETTINGS = {"size": 32}


def face(number, size=32):
    rng = np.random.RandomState(number)
    crop = rng.randint(0, 256, (size, size, 3)).astype(np.uint8)
    return crop, rng.uniform(0, size, (468, 2)).astype(np.float32)


def write(folder, labels, capacity=4, **options):
    with ShardWriter(folder, "faces", SETTINGS, capacity) as writer:
        for number, label in enumerate(labels):
            writer.add(face_members(*face(number), {"label": label}), {"file": f"{number}.jpg", "label": label})
            if number % 3 == 0:
                writer.note({"file": f"bad{number}.jpg", "reason": "no face"})
            if writer.is_full:
                writer.commit()
        writer.finish(**options)
    return folder


def test_records_come_back_by_number_with_their_mates(tmp_path):
    labels = ["ann", "bob", "ann", "eve", "bob", "ann", "dan"]
    faces = ShardedFaces(write(tmp_path / "set", labels))
    assert len(faces) == 7 and faces.size == 32
    for number, label in enumerate(labels):
        image, landmarks = faces.face(number)
        crop, points = face(number)
        assert image.shape == (32, 32, 3) and np.abs(image.astype(int) - crop).mean() < 40  # noise, through JPEG
        np.testing.assert_allclose(landmarks, points, atol=0.02)
        assert faces.facts(number)["label"] == label
        assert faces.mates(number) == [other for other, name in enumerate(labels) if name == label]
    assert Crops(np.zeros((7, 8, 8, 3)), None, [f"{label}/x" for label in labels]).mates(2) == faces.mates(2)
    assert sorted(path.name for path in (tmp_path / "set" / "shards").glob("*.tar")) == ["00000.tar", "00001.tar"]
    manifest = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines()]
    assert len(manifest) == 7 + 3 and sum("key" in line for line in manifest) == 7


def test_shards_are_webdataset_tars(tmp_path):
    folder = write(tmp_path / "set", "abc")
    with tarfile.open(folder / "shards" / "00000.tar") as tar:
        assert tar.getnames()[:4] == ["00000000.jpg", "00000000.landmarks.npy", "00000000.json", "00000001.jpg"]
    webdataset = pytest.importorskip("webdataset")
    samples = list(webdataset.WebDataset(str(folder / "shards" / "00000.tar"), shardshuffle=False).decode("rgb8"))
    assert [sample["__key__"] for sample in samples] == ["00000000", "00000001", "00000002"]
    np.testing.assert_allclose(samples[1]["landmarks.npy"], face(1)[1], atol=0.02)
    assert samples[2]["json"]["label"] == "c" and samples[0]["jpg"].shape == (32, 32, 3)


def test_a_shard_counts_when_it_is_committed_and_a_second_run_makes_the_same(tmp_path):
    whole = write(tmp_path / "whole", "abcdefgh", capacity=3)
    program = f"""
import os, signal, sys
sys.path.insert(0, {os.path.dirname(__file__)!r})
from test_shards import *
with ShardWriter({str(tmp_path / "cut")!r}, "faces", SETTINGS, 3) as writer:
    for number in range(5):
        label = "abcdefgh"[number]
        writer.add(face_members(*face(number), {{"label": label}}), {{"file": f"{{number}}.jpg", "label": label}})
        if number % 3 == 0:
            writer.note({{"file": f"bad{{number}}.jpg", "reason": "no face"}})
        if writer.is_full:
            writer.commit()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert done.returncode == -signal.SIGKILL
    cut = tmp_path / "cut"
    with pytest.raises(UserError, match="not finished"):
        ShardReader(cut, "faces")
    with ShardWriter(cut, "faces", SETTINGS, 3) as writer:
        assert writer.count == 3 and [line["file"] for line in writer.lines()] == [
            "0.jpg",
            "bad0.jpg",
            "1.jpg",
            "2.jpg",
        ]
        assert not list(cut.rglob("*.part-*"))
        for number in range(3, 8):
            label = "abcdefgh"[number]
            writer.add(face_members(*face(number), {"label": label}), {"file": f"{number}.jpg", "label": label})
            if number % 3 == 0:
                writer.note({"file": f"bad{number}.jpg", "reason": "no face"})
            if writer.is_full:
                writer.commit()
        writer.finish()
    names = sorted(
        path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file() and path.name != ".lock"
    )
    assert names == sorted(
        path.relative_to(cut).as_posix() for path in cut.rglob("*") if path.is_file() and path.name != ".lock"
    )
    for name in names:
        assert (whole / name).read_bytes() == (cut / name).read_bytes(), name


def test_sets_with_embeddings_of_earlier_versions_open(tmp_path):
    with ShardWriter(tmp_path / "old", "faces", SETTINGS) as writer:
        for number in range(2):
            crop, landmarks = face(number)
            members = face_members(crop, landmarks, {"label": "ann"}) | {"embedding.npy": b"whatever"}
            writer.add(members, {"file": f"{number}.jpg", "label": "ann"})
        writer.finish(encoder={"name": "mobilefacenet"})
    faces = ShardedFaces(tmp_path / "old")
    np.testing.assert_allclose(faces.face(1)[1], face(1)[1], atol=0.02)
    assert faces.names == ["0.jpg", "1.jpg"] and faces.labels == ["ann", "ann"]


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda p: (p / "set.json").unlink(), "not a folder of shards"),
        (lambda p: (p / "index.npy").unlink(), "not finished"),
        (lambda p: (p / "shards" / "00001.tar").unlink(), "missing or cut short"),
        (lambda p: os.truncate(p / "shards" / "00001.tar", 1000), "missing or cut short"),
    ],
)
def test_spoilt_sets_are_refused_in_one_line(tmp_path, spoil, message):
    folder = write(tmp_path / "set", "abcdefg")
    spoil(folder)
    with pytest.raises(UserError, match=message) as error:
        ShardedFaces(folder)
    assert str(folder) in str(error.value) and "\n" not in str(error.value)


def test_other_settings_other_kinds_other_folders_and_two_writers_are_refused(tmp_path):
    folder = write(tmp_path / "set", "ab")
    for kind, settings, message in (
        ("faces", {"size": 64}, "was begun with size 32, not 64"),
        ("pairs", SETTINGS, "holds faces"),
    ):
        with pytest.raises(UserError, match=message):
            ShardWriter(folder, kind, settings)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    with pytest.raises(UserError, match="something else"):
        ShardWriter(tmp_path / "other", "faces", SETTINGS)
    with ShardWriter(folder, "faces", SETTINGS), pytest.raises(UserError, match="another process"):
        ShardWriter(folder, "faces", SETTINGS)
    with pytest.raises(UserError, match="holds no faces"):
        ShardedFaces(write(tmp_path / "empty", ""))


MEASURE = """
import sys
from paddle_mfs.data import pairs
from paddle_mfs.data.faces import ShardedFaces

class Copy:
    def partners(self, crops):
        return None
    def geometry(self, landmarks, size):
        return None
    def swap(self, source, target, *rest):
        return target.image, None

def anonymous():
    return int(next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous")).split()[1])

pairs.CACHED = 1            # 49 faces of 32 px
stream = pairs.PairSampler(ShardedFaces(sys.argv[1]), Copy(), 4, 4, 0.5).stream()
for total in (30, 150):
    for _ in range(total):
        next(stream)
    print(anonymous())
"""


def test_memory_does_not_grow_with_the_set(tmp_path):
    """Batches out of 40 and of 20,000 faces: the same memory of its own, in kB, for the process that makes them."""
    members = face_members(np.zeros((32, 32, 3), np.uint8), face(0)[1], {})
    memory = {}
    for count in (40, 20_000):
        folder = tmp_path / str(count)
        with ShardWriter(folder, "faces", SETTINGS, 2000) as writer:
            for number in range(count):
                writer.add(members, {"file": f"{number}.jpg", "label": str(number // 2)})
                if writer.is_full:
                    writer.commit()
            writer.finish()
        stored = sum(path.stat().st_size for path in folder.rglob("*.tar"))
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(folder)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        shutil.rmtree(folder)
        assert done.returncode == 0, done.stderr
        memory[count] = [int(word) for word in done.stdout.split()]
    assert stored > 100e6
    early, late = memory[20_000]
    assert late - early < 10_000, memory  # 3,000 other faces were read in between: 20 MB in the shards
    assert abs(late - memory[40][1]) < 20_000, memory
