"""tools/evaluate.py -c: what users get wrong is one line, or a failure that is counted and told in one; every protocol
runs on the bundled faces."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CONFIGS = Path(__file__).parents[2] / "configs" / "evaluate"
FACES = Path(__file__).parents[1] / "fixtures" / "identities"
# The survey's wants networks that a user brings: test_evaluate_protocol.py runs it with some of their kind.
PROTOCOLS = sorted({path.stem for path in CONFIGS.glob("*.yml")} - {"survey"})
NAMES = ("id009_base", "id021_base")


@pytest.fixture
def own(tmp_path):
    """Folders of two sources and of two targets, one of which shows no face."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for name in NAMES:
        shutil.copy(FACES / f"{name}.jpg", tmp_path / "a")
    Image.open(FACES / "id028_base.jpg").resize((200, 200)).save(tmp_path / "b" / "1.png")
    Image.fromarray(np.full((150, 250, 3), 99, np.uint8)).save(tmp_path / "b" / "2.png")
    return tmp_path


@pytest.fixture
def evaluated(run_here, own):
    """evaluated(protocol, sources, targets, word, ...) -> what the command came to, its report in own / "r.json"."""

    def run(protocol, sources, targets, *more):
        words = ["-c", f"configs/evaluate/{protocol}.yml", "--output", own / "r.json", "--method", "none"]
        words += ["-o", f"pairs.sources={sources}", "-o", f"pairs.targets={targets}"]
        return run_here("evaluate", *words, *more)

    return run


def test_a_picture_without_a_face_is_a_failure_and_one_line(evaluated, own):
    """Its size is another than the rest's, which nothing is made of."""
    done = evaluated("folders", own / "a", own / "b")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "failed" in line]
    assert len(told) == 1 and told[0].startswith("none: 1 of 2 pairs failed, the first id021_base.jpg on 2.png: ")
    assert "2.png: no face found; use a picture that shows a face" in told[0]
    none = json.loads((own / "r.json").read_text())["methods"]["none"]
    assert none["failures"]["count"] == 1 and none["metrics"]["same_person"]["count"] == 2
    assert none["metrics"]["pose"]["count"] == 1


def refused(done, *parts):
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert all(part in done.stderr for part in parts), done.stderr


def test_a_wrong_folder_is_one_line(evaluated, run_here, own):
    refused(evaluated("folders", own / "a", own / "gone"), "gone: no such folder; name one of pictures")
    refused(evaluated("clips", own / "a", own / "gone"), "gone: holds no clips; name a folder of folders of frames")
    refused(evaluated("clips", own / "gone", own), "gone: no such folder")
    (own / "list.json").write_text('[["v1", "v2"]]')
    listed = f"pairs.listed={own / 'list.json'}"
    refused(evaluated("ffpp", "null", own / "gone", "-o", listed), "v1: no such folder; name one of pictures")
    for folder in (own / "gone", own / "a"):
        lists = ["-c", "configs/evaluate/heldout.yml", "--method", "none", "-o", f"pairs.faces=[{folder}]"]
        refused(run_here("evaluate", *lists), f"{folder / 'pairs.json'}: not found; give a folder with pairs.json")
    assert not list(own.glob("r.*"))


def test_sets_of_another_length_are_one_line(evaluated, own):
    shutil.copy(FACES / "id028_base.jpg", own / "a")
    refused(evaluated("folders", own / "a", own / "b"), "has 3 pictures", "has 2; pairs are made", "as many sources")
    (own / "clips" / "one").mkdir(parents=True)
    refused(evaluated("clips", own / "a", own / "clips"), "has 3 pictures", "has 1 clips; give a source for each clip")


def test_results_of_another_size_are_one_line(evaluated, own):
    (own / "made").mkdir()
    for target in ("1", "2"):
        Image.new("RGB", (120, 120)).save(own / "made" / f"{target}.png")
    done = evaluated("folders", own / "a", own / "b", "--method", f"folder:{own / 'made'}")
    refused(done, "no pair could be measured", "is 120 x 120, its target 1.png 200 x 200; they must be of one size")
    assert not list(own.glob("r.*"))


@pytest.fixture(scope="module")
def bundled_layouts(samples, tmp_path_factory):
    """{protocol: settings} that put the bundled pairs into each protocol's folders: all of them as they are listed, the
    first 20 side by side, 20 of them as the frames of two videos or clips."""
    from paddle_mfs.metrics.pairs import load_pairs

    folder, files = tmp_path_factory.mktemp("bundled"), load_pairs(samples / "heldout").files
    for name in ("sources", "targets", "two", "videos/v1", "videos/v2"):
        (folder / name).mkdir(parents=True)
    for number, (source, target) in enumerate(files[:20]):
        shutil.copy(source, folder / "sources" / f"{number:03d}{source.suffix}")
        shutil.copy(target, folder / "targets" / f"{number:03d}{target.suffix}")
    for number, (source, target) in enumerate(files[:20]):
        shutil.copy(target, folder / "videos" / f"v{1 + number // 10}" / f"{number % 10:04d}{target.suffix}")
        if number % 10 == 0:
            shutil.copy(source, folder / "two")
    (folder / "list.json").write_text('[["v1", "v2"]]')
    return {
        "heldout": ["methods=[ours, none]"],
        "folders": [f"pairs.sources={folder / 'sources'}", f"pairs.targets={folder / 'targets'}"],
        "clips": [f"pairs.sources={folder / 'two'}", f"pairs.targets={folder / 'videos'}"],
        "ffpp": [f"pairs.targets={folder / 'videos'}", f"pairs.listed={folder / 'list.json'}"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_runs_on_the_bundled_list(run_script, bundled_layouts, protocol, tmp_path):
    words = [word for setting in bundled_layouts[protocol] for word in ("-o", setting)]
    done = run_script("evaluate", "-c", f"configs/evaluate/{protocol}.yml", "--output", tmp_path / "r.json", *words)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["pairs"]["count"] == {"heldout": 200, "folders": 20, "clips": 20, "ffpp": 20}[protocol]
    ours, none = (report["methods"][name] for name in ("ours", "none"))
    assert ours["failures"]["share"] < 0.05 and none["failures"]["share"] < 0.05
    assert ours["metrics"]["id_distance"]["value"] < none["metrics"]["id_distance"]["value"] - 0.15
    assert none["metrics"]["pose"]["value"] < 1e-3 < ours["metrics"]["pose"]["value"] < 5
    assert ("jitter" in ours["metrics"]) == (protocol == "clips")
