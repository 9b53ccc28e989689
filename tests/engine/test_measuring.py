"""A list of pairs measured in parts: by one process or several to the same bytes, over the borders of parts too."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.engine.measuring import LEAST, _processes
from paddle_mfs.engine.study import load_protocol, run
from paddle_mfs.metrics import chunks as parts
from paddle_mfs.metrics.chunks import CHUNK, chunks
from paddle_mfs.metrics.pairs import Pairs, load_pairs
from paddle_mfs.models import create_model
from paddle_mfs.utils.cores import cores
from paddle_mfs.weights import save_state

CONFIGS = Path(__file__).parents[2] / "configs" / "evaluate"
FACES = Path(__file__).parents[1] / "fixtures" / "identities"


def test_each_picture_of_a_set_is_wanted_once_where_the_list_has_it_first(monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", 2)
    a, b, c = (Path(name) for name in "abc")
    pairs = Pairs([(a, b), (b, a), (c, b), (a, c)], Path("list"))
    wanted = {key: [chunk.originals for chunk in chunks(pairs, key)] for key in (None, "targets", "originals")}
    assert wanted == {None: [{}, {}], "targets": [{0: (1,), 1: (1,)}, {3: (1,)}], "originals": [{0: (0, 1)}, {2: (0,)}]}


def test_a_chunk_follows_within_a_clip_alone(monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", 2)
    files = [(Path("a"), Path(name)) for name in "bcdef"]
    clips = Pairs(files, Path("list"), videos=["v", "v", "v", "v", "w"], consecutive=True)
    assert [(chunk.places, chunk.follows) for chunk in chunks(clips)] == [
        (range(2), False),
        (range(2, 4), True),
        (range(4, 5), False),
    ]
    frames = Pairs(files, Path("list"), videos=["v"] * 5)  # some of a video's, not one after the other
    assert not any(chunk.follows for chunk in chunks(frames))


def test_no_process_is_started_for_few_pairs():
    assert _processes(None, LEAST) == _processes(1, 9) == _processes(2, 1) == _processes(0, 9) == 0
    assert _processes(2, 9) == 2 and _processes(9, 2) == 2
    assert _processes(None, 100 * LEAST) == (cores() if cores() > 1 else 0)


def test_clips_over_the_borders_of_parts(tmp_path, monkeypatch):
    """Two clips of three frames, of which one cannot be read, two pairs a part."""
    names = {"v1": ["id028_base", "id028_yawl", "id028_base"], "v2": ["id009_base", "id009_yawl", "id009_base"]}
    for clip, frames in names.items():
        (tmp_path / "clips" / clip).mkdir(parents=True)
        for number, name in enumerate(frames):
            shutil.copy(FACES / f"{name}.jpg", tmp_path / "clips" / clip / f"{number}.jpg")
    (tmp_path / "clips" / "v2" / "0.jpg").write_bytes(b"no picture")
    (tmp_path / "faces").mkdir()
    for name in ("id009_base", "id021_base"):
        shutil.copy(FACES / f"{name}.jpg", tmp_path / "faces")

    def made(workers):
        words = [f"pairs.sources={tmp_path / 'faces'}", f"pairs.targets={tmp_path / 'clips'}", f"workers={workers}"]
        return run(load_protocol(CONFIGS / "clips.yml", ["methods=[mesh, none]", *words]), "clips")

    whole, rows = made(0)
    monkeypatch.setattr(parts, "CHUNK", 2)
    alone, together = made(0), made(2)
    assert json.dumps(alone[0]) == json.dumps(together[0])
    assert np.array_equal(rows, alone[1]) and np.array_equal(rows, together[1])
    mesh = whole["methods"]["mesh"]
    assert [failed["target"] for failed in mesh["failures"]["pairs"]] == ["0.jpg"] and (np.array(rows[3]) == 128).all()
    assert mesh["metrics"]["jitter"]["count"] == 2 == mesh["metrics"]["id_spread"]["count"]
    for key, found in mesh["metrics"].items():  # descriptors' last digits depend on those they were described with
        assert alone[0]["methods"]["mesh"]["metrics"][key]["value"] == pytest.approx(found["value"], rel=1e-5), key


def test_a_list_by_the_command(run_script, tmp_path):
    """Pairs of which the first of the first part and the last of the second can be measured."""
    faces = {0: ("id009_base", "id028_base"), CHUNK: ("id021_base", "id009_yawl")}
    for side, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        for number in range(CHUNK + 1):
            path = tmp_path / folder / f"{number:02d}.jpg"
            if number in faces:
                shutil.copy(FACES / f"{faces[number][side]}.jpg", path)
            else:
                path.write_bytes(b"no picture")
    overrides = [f"pairs.{key}={tmp_path / name}" for key, name in (("sources", "a"), ("targets", "b"))]
    words = ["--method", "none", *(word for one in (*overrides, "workers=2") for word in ("-o", one))]
    done = run_script("evaluate", "-c", "configs/evaluate/folders.yml", *words, "--output", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    failed = [one["target"] for one in report["methods"]["none"]["failures"]["pairs"]]
    assert failed == [f"{number:02d}.jpg" for number in range(1, CHUNK)]
    assert report["methods"]["none"]["metrics"]["pose"]["count"] == 2 == report["gallery"]
    alone, _ = run(load_protocol(CONFIGS / "folders.yml", [*overrides, "methods=[none]", "workers=0"]), "folders")
    assert json.dumps(alone) == json.dumps(report)


@pytest.mark.slow
def test_features_of_each_picture_once(tmp_path, samples, monkeypatch):
    """By an untrained network; four pairs, two a part, a face of the first of which is the last's target, too."""
    files = load_pairs(samples / "heldout", 3).files
    for path in {path for pair in files for path in pair}:
        shutil.copy(path, tmp_path)
    pairs = [[path.name for path in pair] for pair in (*files, (files[1][0], files[0][0]))]
    (tmp_path / "pairs.json").write_text(json.dumps({"pairs": pairs}))
    save_state(tmp_path / "inception.pdparams", create_model("inception").state_dict())
    monkeypatch.setattr(parts, "CHUNK", 2)
    reports = []
    for workers in (0, 2, 2):  # the last time those of the originals are kept
        words = [
            f"pairs.faces=[{tmp_path}]",
            "methods=[mesh, none]",
            f"workers={workers}",
            "features.against=originals",
        ]
        words += [f"features.weights={tmp_path / 'inception.pdparams'}", f"features.cache={tmp_path / 'cache'}"]
        reports.append(json.dumps(run(load_protocol(CONFIGS / "heldout.yml", words), "heldout")[0]))
        kept = list((tmp_path / "cache").iterdir())
        assert len(kept) == 1
        if not workers:
            kept[0].unlink()
    assert reports[0] == reports[1] == reports[2]
    found = json.loads(reports[0])["methods"]["none"]["pictures"]
    assert (found["count"], found["originals"]) == (4, 6)
