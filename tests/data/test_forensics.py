"""Sets of real and swapped pictures: masks, ladder, provenance, splits, resume, one-line errors."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.data.forensics import KIND, make_forensics_set, split_people
from paddle_mfs.data.ladder import decode, encode_h264, moved
from paddle_mfs.data.portraits import Portraits
from paddle_mfs.data.shards import ShardReader
from paddle_mfs.face.image import write_image
from paddle_mfs.provenance import GENERATED, SWAPPED, provenance, read_provenance, save_options
from paddle_mfs.utils.config import load_config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256

SPLITS = ("train", "test")


def settings(faces, output):
    return [
        f"faces.path={faces}",
        "faces.side=192",
        "splits={train: 0.5, val: 0.0, test: 0.5}",
        "ladder.jpeg=[90, 30]",
        "ladder.h264=[23]",
        "ladder.frames=3",
        "run.shard=1",
        "run.workers=0",
        f"run.output={output}",
    ]


@pytest.fixture(scope="module")
def faces(samples, tmp_path_factory):
    """Four people, of whom one has a damaged picture besides, and one a picture in which a face was swapped."""
    folder = tmp_path_factory.mktemp("people")
    pictures = sorted((samples / "faces").glob("*.jpg"))[:4]
    for picture in pictures:
        (folder / picture.stem).mkdir()
        shutil.copy(picture, folder / picture.stem)
    (folder / pictures[0].stem / "damaged.jpg").write_bytes(pictures[0].read_bytes()[:500])
    swapped = folder / pictures[1].stem / "swapped.png"
    write_image(swapped, np.zeros((64, 64, 3), np.uint8), **save_options(swapped, provenance()))
    return folder


@pytest.fixture(scope="module")
def made(run_script, faces, tmp_path_factory):
    """The set, as a user makes it -> (its folder, CompletedProcess)."""
    output = tmp_path_factory.mktemp("forensics") / "set"
    words = [word for pair in settings(faces, output) for word in ("-o", pair)]
    done = run_script("make_forensics_set", "-c", "configs/forensics.yml", *words)
    assert done.returncode == 0, done.stderr
    return output, done


def manifest(folder, split):
    return [json.loads(line) for line in (folder / split / "manifest.jsonl").read_text().splitlines()]


def records(folder):
    """Every record of the set, as {member: bytes}."""
    for split in SPLITS:
        reader = ShardReader(folder / split, KIND)
        yield from (reader.record(number) for number in range(len(reader)))


def image_of(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


def test_splits_share_nobody_and_reasons_are_kept(made, faces):
    folder, done = made
    lines = {split: manifest(folder, split) for split in SPLITS}
    people = {
        split: {line[who]["label"] for line in lines[split] if "key" in line for who in ("source", "target")}
        for split in SPLITS
    }
    assert len(people["train"]) == len(people["test"]) == 2 and not people["train"] & people["test"]
    assert all(
        line["source"]["label"] != line["target"]["label"] for some in lines.values() for line in some if "key" in line
    )
    reasons = {line["file"]: line["reason"] for some in lines.values() for line in some if "key" not in line}
    assert sorted(Path(name).name for name in reasons) == ["damaged.jpg", "swapped.png"]
    assert "damaged" in str(reasons) and "was swapped in it" in str(reasons)
    assert "left out" in done.stdout and not (folder / "val").exists()


def test_masks_are_where_the_pictures_differ_and_landmarks_lie_there(made):
    for record in records(made[0]):
        real, fake, mask = (image_of(record[f"{name}.png"]) for name in ("real", "fake", "mask"))
        assert real.shape == fake.shape == (192, 192, 3) and mask.shape == (192, 192)
        np.testing.assert_array_equal(mask, np.where((real != fake).any(2), 255, 0))
        assert 0.05 < (mask > 0).mean() < 0.8
        landmarks = np.load(io.BytesIO(record["landmarks.npy"]))
        assert landmarks.shape == (468, 2) and landmarks.dtype == np.float32
        x, y = np.rint(landmarks.mean(0)).astype(int)
        assert mask[y - 5 : y + 6, x - 5 : x + 6].mean() > 200


def test_the_ladder_decodes_and_falls(made):
    for record in records(made[0]):
        for who in ("real", "fake"):
            plain = image_of(record[f"{who}.png"])
            better, worse = (psnr(decode(record[f"{who}.q{quality}.jpg"], "jpg")[0], plain) for quality in (90, 30))
            assert better > worse + 3 and worse > 24
            frames, wanted = decode(record[f"{who}.crf23.mp4"], "mp4"), moved(plain, 3)
            assert len(frames) == 3 and frames[0].shape == (190, 190, 3)
            assert min(map(psnr, frames, wanted)) > 26 > psnr(frames[2], wanted[0])


def test_a_clip_has_the_same_bytes_each_time(made):
    """x264 alone gives others now and then, of some pictures, by what lies in the memory that it gets."""
    rng, kept, record = np.random.default_rng(0), [], provenance()
    for pair in records(made[0]):
        frames, found = moved(image_of(pair["real.png"]), 3), set()
        for _ in range(30):
            kept = [*kept[-4:], rng.integers(0, 256, (rng.integers(100, 900), 1000), np.uint8)]
            found.add(encode_h264(frames, 23, record))
        assert len(found) == 1


def test_every_picture_and_line_says_what_it_is(made, faces, tmp_path):
    hashes = {path.relative_to(faces).as_posix(): sha256(path) for path in faces.rglob("*.jpg")}
    for record in records(made[0]):
        line = json.loads(record["json"])
        for who in ("source", "target"):
            assert line[who]["sha256"] == hashes[line[who]["file"]]
        shown = [name for name in record if name.endswith(("png", "jpg", "mp4"))]
        assert len(shown) == 9
        for name in shown:
            path = tmp_path / name
            path.write_bytes(record[name])
            told, kind = read_provenance(path), "real" if name.startswith("real") else "fake"
            assert told.items() >= line["provenance"][kind].items()
            assert told["digital_source_type"] == (GENERATED if kind == "real" else SWAPPED) and told["synthetic"]
            assert told["target_sha256"] == line["target"]["sha256"]
            if kind == "fake":
                assert told["source_sha256"] == line["source"]["sha256"] and told["weights"]["sha256"]
        description = Image.open(tmp_path / "real.q90.jpg").getexif()[0x010E]
        assert "generated" in description and "swapped" not in description


def test_killed_and_gone_on_with_it_is_the_same(made, faces, tmp_path):
    folder = shutil.copytree(made[0], tmp_path / "set")
    for name in ("index.npy", "groups.npy", "manifest.jsonl"):
        for split in SPLITS:
            (folder / split / name).unlink()
    for left in (folder / "test" / "shards").glob("0000[1-9].*"):
        left.unlink()
    (folder / "test" / "shards" / "00001.part-1.tar").write_bytes(b"half")
    make_forensics_set(load_config("configs/forensics.yml", settings(faces, folder)))
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files == [path.relative_to(made[0]) for path in sorted(made[0].rglob("*")) if path.is_file()]
    assert sum(file.suffix == ".tar" for file in files) >= 4
    for file in files:
        assert (folder / file).read_bytes() == (made[0] / file).read_bytes(), file


def test_splits_depend_on_labels_only_and_take_all():
    labels = [f"p{number}" for number in range(40)] * 2
    found = split_people(labels, {"train": 0.6, "val": 0.15, "test": 0.25})
    assert {name: len(people) for name, people in found.items()} == {"train": 24, "val": 6, "test": 10}
    assert sorted(sum(found.values(), [])) == sorted(set(labels))
    assert found == split_people(labels[::-1], {"train": 0.6, "val": 0.15, "test": 0.25})
    assert found != split_people(labels, {"train": 0.6, "val": 0.15, "test": 0.25}, seed=1)


def test_a_prepared_set_is_read(samples, tmp_path):
    from paddle_mfs.data.aligned_face import face_members
    from paddle_mfs.data.shards import ShardWriter

    crop = np.full((32, 32, 3), 90, np.uint8)
    with ShardWriter(tmp_path / "faces", "faces", {"size": 32}) as writer:
        writer.add(face_members(crop, np.zeros((468, 2)), {}), {"file": "a/1.jpg", "label": "a"})
        writer.finish()
    portraits = Portraits(tmp_path / "faces")
    assert portraits.names == ["a/1.jpg"] and portraits.labels == ["a"]
    image, digest = portraits.read(0)
    assert image.shape == (32, 32, 3) and len(digest) == 64


@pytest.mark.parametrize(
    "setting, message",
    [
        ("faces.path=nowhere", "nowhere"),
        ("faces.min_age=12", "faces.min_age"),
        ("splits={train: 0.9, val: 0.2, test: 0.2}", "splits"),
        ("splits={train: 0.98, val: 0.01, test: 0.01}", "splits.val: 0 of 4 people"),
        ("ladder.jpeg=[0]", "ladder.jpeg"),
        ("ladder.jpeg=[high]", "ladder.jpeg"),
        ("ladder.crf=[23]", "ladder.crf"),
        ("swap.options.strength=3", "strength"),
        ("swap.weights=none.pdparams", "swap.weights"),
    ],
)
def test_bad_settings_are_one_line(run_here, faces, tmp_path, setting, message):
    words = [word for pair in (*settings(faces, tmp_path / "set"), setting) for word in ("-o", pair)]
    done = run_here("make_forensics_set", "-c", "configs/forensics.yml", *words)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "set").exists()


def test_other_settings_do_not_go_on_with_a_set(made, faces):
    config = load_config("configs/forensics.yml", [*settings(faces, made[0]), "ladder.jpeg=[80]"])
    with pytest.raises(UserError, match="was begun with ladder"):
        make_forensics_set(config)
