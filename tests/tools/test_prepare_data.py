"""tools/prepare_data.py and tools/make_pairs.py as a user runs them: every kind of input, killed and resumed, trained
on."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.data.crops import Crops, load_crops
from paddle_mfs.data.degradations import DegradedSwaps
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.pairs import PairSampler
from paddle_mfs.data.q_labels import is_held_out
from paddle_mfs.data.stored_pairs import StoredPairs, StoredPairSampler
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.provenance import read_provenance
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.config import load_config
from paddle_mfs.utils.errors import UserError


def write_clip(path, pictures, hold):
    """Each picture for `hold` frames, drifting a little."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "15", "preset": "ultrafast"})
        stream.width = stream.height = 320
        for number in range(hold * len(pictures)):
            shift = np.array([[1, 0, number % 3], [0, 1, 0]], np.float32)
            image = cv2.warpAffine(pictures[number // hold], shift, (320, 320), borderMode=cv2.BORDER_REPLICATE)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))


@pytest.fixture(scope="module")
def inputs(root, samples, tmp_path_factory):
    """people/ (folder a person), faces.zip (numbered folders), faces.tar.gz (flat), clip.mp4, and pictures that are no
    good."""
    place = tmp_path_factory.mktemp("inputs")
    identities, faces = root / "tests" / "fixtures" / "identities", sorted((samples / "faces").glob("*.jpg"))
    for path in sorted(identities.glob("*.jpg")):
        (place / "people" / path.name[:5]).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / "people" / path.name[:5])
    shutil.copy(identities / "id009_base.jpg", place / "people" / "id028" / "zz_copy.jpg")
    image = read_image(identities / "id021_base.jpg")
    bad = place / "people" / "id021"
    write_image(bad / "smaller_again.jpg", cv2.resize(image, (240, 240), interpolation=cv2.INTER_AREA), quality=70)
    write_image(bad / "z_blurred.jpg", cv2.GaussianBlur(read_image(faces[3]), (0, 0), 4))
    write_image(bad / "z_tiny.jpg", cv2.resize(read_image(faces[4]), (70, 70), interpolation=cv2.INTER_AREA))
    write_image(bad / "z_cut.jpg", read_image(faces[5])[:, :170])
    write_image(bad / "z_nobody.jpg", np.full((90, 90, 3), 128, np.uint8))
    (bad / "z_broken.jpg").write_bytes(b"not a picture")
    shutil.copy(root / "tests/fixtures/hard/profile/msg_000126_yaw-50.jpg", bad / "z_turned.jpg")
    shutil.copy(root / "tests/fixtures/hard/occlusion/synth_occ_2_6.jpg", bad / "z_hidden.jpg")
    with zipfile.ZipFile(place / "faces.zip", "w") as archive:
        for number, path in enumerate(faces[:4]):
            archive.write(path, f"images/{number // 2 * 1000:05d}/{number // 2 * 1000 + number % 2:05d}.jpg")
    with tarfile.open(place / "faces.tar.gz", "w:gz") as archive:
        for path in faces[6:9]:
            archive.add(path, f"celeba/{path.name}")
    write_clip(place / "clip.mp4", [read_image(path) for path in faces[10:12]], 12)
    return place


REASONS = {
    "people/id028/zz_copy.jpg": "duplicate",
    "people/id021/smaller_again.jpg": "near duplicate",
    "people/id021/z_blurred.jpg": "blurred",
    "people/id021/z_tiny.jpg": "too small",
    "people/id021/z_cut.jpg": "cut off",
    "people/id021/z_nobody.jpg": "no face",
    "people/id021/z_broken.jpg": "unreadable",
    "people/id021/z_turned.jpg": "turned",
    "people/id021/z_hidden.jpg": "landmarks unsure",
}


def arguments(inputs, output, *more):
    paths = [inputs / name for name in ("people", "faces.zip", "faces.tar.gz", "clip.mp4")]
    return [*paths, "--output", output, "--every", 6, "--shard", 4, "--workers", 1, *more]


@pytest.fixture(scope="module")
def prepared(run_script, inputs, tmp_path_factory):
    """(folder of the set, what the tool printed)."""
    folder = tmp_path_factory.mktemp("sets") / "faces"
    done = run_script("prepare_data", *arguments(inputs, folder))
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def pairs(run_script, prepared):
    folder = prepared[0].parent / "pairs"
    done = run_script("make_pairs", *pair_arguments(prepared[0], folder))
    assert done.returncode == 0 and "pairs: 12 pairs" in done.stdout, done.stderr
    return folder


def pair_arguments(faces, output, count=10):
    return [
        "-c",
        "configs/distill.yml",
        "-o",
        f"data.faces={faces}",
        "-o",
        "data.size=96",
        "--output",
        output,
        "--count",
        count,
        "--targets",
        3,
        "--shard",
        5,
        "--workers",
        0,
    ]


def read_manifest(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_every_input_has_a_line_and_the_right_fate(prepared, inputs):
    folder, done = prepared
    lines = {line["file"].removeprefix(f"{inputs}/"): line for line in read_manifest(folder)}
    assert {
        name: line["reason"] for name, line in lines.items() if line["status"] == "rejected" and "#" not in name
    } == REASONS
    labels = {
        name: line["label"].removeprefix(f"{inputs}/") for name, line in lines.items() if line["status"] == "accepted"
    }
    for person, pose in itertools.product(("id009", "id021", "id028"), ("base", "yawl")):
        assert labels[f"people/{person}/{person}_{pose}.jpg"] == f"people/{person}"
    assert all(label == name for name, label in labels.items() if name.startswith("faces."))
    frames = {name: line for name, line in lines.items() if "#" in name}
    assert sorted(line["status"] for line in frames.values()) == ["accepted", "accepted", "rejected", "rejected"]
    assert {line.get("reason") for line in frames.values()} == {None, "near duplicate"}
    assert {label for name, label in labels.items() if "#" in name} == {"clip.mp4", "clip.mp4/1"}  # two people
    faces = ShardedFaces(folder)
    assert len(faces) == 6 + 4 + 3 + 2
    assert all(line in done.stdout for line in ("accepted", "near duplicate", "landmarks unsure"))
    assert (folder / "sheet.jpg").is_file()


def test_crops_sit_on_the_template(prepared):
    from paddle_mfs.face.align import template
    from paddle_mfs.face.regions import five_points

    faces = ShardedFaces(prepared[0])
    for index in (0, len(faces) - 1):
        image, landmarks = faces.face(index)
        assert image.shape == (224, 224, 3) and np.abs(five_points(landmarks) - template(224)).max() < 20


def test_again_adds_nothing_and_other_settings_are_refused(run_script, prepared, inputs):
    before = {path: path.stat().st_mtime_ns for path in (prepared[0] / "shards").glob("0*")}
    done = run_script("prepare_data", *arguments(inputs, prepared[0]))
    assert done.returncode == 0 and done.stdout == prepared[1].stdout, done.stderr
    assert before == {path: path.stat().st_mtime_ns for path in (prepared[0] / "shards").glob("0*")}
    done = run_script("prepare_data", *arguments(inputs, prepared[0], "--min-face", 90))
    assert done.returncode == 2 and "begun with min_face 80" in done.stderr


def test_killed_and_resumed_it_makes_the_same_shards(run_script, prepared, inputs, root, tmp_path):
    command = [sys.executable, "tools/prepare_data.py", *map(str, arguments(inputs, tmp_path / "faces"))]
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.time() + 500
    while (
        time.time() < deadline
        and not (tmp_path / "faces" / "shards" / "00000.jsonl").exists()
        and process.poll() is None
    ):
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    made = (tmp_path / "faces" / "shards" / "00000.tar").stat().st_mtime_ns
    done = run_script("prepare_data", *arguments(inputs, tmp_path / "faces"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "faces" / "shards" / "00000.tar").stat().st_mtime_ns == made
    for name in ["manifest.jsonl", "index.npy", "groups.npy", *(f"shards/{n:05d}.tar" for n in range(4))]:
        assert (tmp_path / "faces" / name).read_bytes() == (prepared[0] / name).read_bytes(), name


def test_streamed_and_in_memory_the_batches_are_the_same(prepared):
    stored = ShardedFaces(prepared[0])
    images, landmarks = zip(*map(stored.face, range(len(stored))))
    names = [f"{stored.facts(index)['label']}/{index}" for index in range(len(stored))]
    held = Crops(np.stack(images), np.stack(landmarks), names)
    streams = [
        PairSampler(faces.resized(64), create_teacher({"name": "mesh"}), 3, 2, 0.5, seed=7).stream()
        for faces in (stored, held, load_crops(prepared[0]))
    ]
    for one, *others in itertools.islice(zip(*streams), 3):
        assert all((a == b).all() for other in others for a, b in zip(one, other))


def test_q_learns_from_shards_what_it_learns_from_memory(prepared):
    sets = ShardedFaces(prepared[0]), load_crops(prepared[0])
    # Labels begin with the temporary folder's name, so that which of them are held out changes from run to run.
    labels = set(sets[1].labels)
    share = next(share for share in np.linspace(0.1, 1, 90) if sum(is_held_out(label, share) for label in labels) >= 3)
    stored, held = (DegradedSwaps(faces, [96], held_out=share) for faces in sets)
    assert list(stored.judging) == list(held.judging)
    for number in range(4):
        np.testing.assert_array_equal(stored.sample(number)[0], held.sample(number)[0])


def test_training_on_shards_and_on_stored_pairs(prepared, pairs, run_script, root, tmp_path):
    run = [
        "-c",
        "configs/smoke.yml",
        "-o",
        f"data.faces={prepared[0]}",
        "-o",
        "run.steps=2",
        "-o",
        "data.size=64",
        "-o",
        "data.identities=2",
        "-o",
        f"run.output={tmp_path / 'run'}",
    ]
    done = run_script("train", *run)
    assert done.returncode == 0 and "2 steps" in done.stdout, done.stderr
    trainer = Trainer(
        load_config(
            root / "configs" / "smoke.yml",
            [*run[3:-2:2], f"data.pairs={pairs}", "data.workers=0", f"run.output={tmp_path / 'other'}"],
        )
    )
    trainer.fit()
    assert trainer.step == 2 and trainer.preview().shape == (6 * 64, 6 * 64, 3)


def test_stored_pairs_are_the_teachers_own(prepared, pairs, run_script, inputs, tmp_path):
    faces, teacher = ShardedFaces(prepared[0], 96), create_teacher({"name": "mesh"})
    stored = StoredPairs(pairs, faces)
    for number in range(3):
        source, target, taught = stored.pair(number)
        answer, _ = teacher.swap(faces.face(source), faces.face(target))
        assert np.abs(answer.astype(int) - taught).mean() < 2 and target not in faces.mates(source)  # JPEG
    assert len(stored.mates(0)) == 3
    (tmp_path / "taught.jpg").write_bytes(stored.reader.record(0)["jpg"])
    record = read_provenance(tmp_path / "taught.jpg")
    assert record["synthetic"] and record["teacher"]["name"] == "mesh" and len(record["source_sha256"]) == 64
    batch = next(StoredPairSampler(stored, faces, 2, 2, 0.0, 0, None).stream())
    known = [stored.pair(number) for number in range(len(stored))]
    for row, (target, taught) in enumerate(zip(batch.targets, batch.taught)):
        source, flip = divmod(int(batch.sources[row // 2]), 2)
        pictures = [(faces.face(t)[0], p) for s, t, p in known if s == source]
        pictures = [(a[:, ::-1], b[:, ::-1]) if flip else (a, b) for a, b in pictures]
        assert any(
            (target.transpose(1, 2, 0) == a).all() and (taught.transpose(1, 2, 0) == b).all() for a, b in pictures
        )


def test_more_pairs_can_be_asked_for_and_resumed_ones_are_the_same(run_script, prepared, pairs, tmp_path):
    shutil.copytree(pairs, tmp_path / "pairs")
    shutil.rmtree(tmp_path / "pairs" / "shards" / "00001.tar", ignore_errors=True)
    for name in ("index.npy", "groups.npy", "manifest.jsonl", "shards/00001.tar", "shards/00001.jsonl"):
        (tmp_path / "pairs" / name).unlink()
    done = run_script("make_pairs", *pair_arguments(prepared[0], tmp_path / "pairs", 13))
    assert done.returncode == 0 and "pairs: 15 pairs" in done.stdout, done.stderr
    faces = ShardedFaces(prepared[0], 96)
    old, new = StoredPairs(pairs, faces), StoredPairs(tmp_path / "pairs", faces)
    for number in range(12):
        (*one, picture), (*other, same) = old.pair(number), new.pair(number)
        assert one == other and (picture == same).all()


def test_wrong_inputs_are_one_line(run_script, run_here, prepared, pairs, samples, inputs, tmp_path):
    (tmp_path / "empty").mkdir()
    cases = [
        ("prepare_data", ["--output", tmp_path / "x"], "nothing to prepare"),
        ("prepare_data", [tmp_path / "no", "--output", tmp_path / "x"], "no such file"),
        ("prepare_data", [tmp_path / "empty", "--output", tmp_path / "x"], "no pictures"),
        ("prepare_data", [samples / "faces", "--output", inputs], "something else"),
        ("prepare_data", [samples / "faces", "--output", tmp_path / "x", "--min-age", 12], "only adults"),
        ("prepare_data", [samples / "faces", "--views", 1, "--output", tmp_path / "x"], "give --synthetic N too"),
        ("prepare_data", ["--synthetic", 5, "--start", 899_999, "--output", tmp_path / "x"], "reserved"),
        ("make_pairs", pair_arguments(samples / "faces", tmp_path / "x"), "not a folder of shards"),
    ]
    for number, (tool, words, message) in enumerate(cases):
        done = (run_here if number else run_script)(tool, *words)
        assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, (words, done.stderr)
    assert not (tmp_path / "x").exists()
    with pytest.raises(UserError, match="other faces"):
        StoredPairs(pairs, Crops(np.zeros((1, 96, 96, 3), np.uint8), None, ["a"]))
