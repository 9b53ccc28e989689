"""tools/evaluate.py -c: protocols from start to end, layouts of a user's pictures, and what is refused in one line."""

import io
import json
import pickle
import shutil
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.engine.study import load_protocol, run
from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.layouts import clips, two_folders, videos
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import load_pairs
from paddle_mfs.metrics.sheet import write_sheet
from paddle_mfs.metrics.summary import METRICS, markdown
from paddle_mfs.models import create_model
from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import bundled, save_state

CONFIGS = Path(__file__).parents[2] / "configs" / "evaluate"
FACES = Path(__file__).parents[1] / "fixtures" / "identities"


@pytest.fixture(scope="module")
def made(samples, tmp_path_factory):
    """A folder of results of the first three held-out pairs: the target itself, one of another size, none."""
    folder = tmp_path_factory.mktemp("made")
    (a, b), (c, d), _ = load_pairs(samples / "heldout", 3).files
    shutil.copy(b, folder / f"{a.stem}__{b.stem}.jpg")
    Image.open(d).resize((200, 200)).save(folder / f"{c.stem}__{d.stem}.png")
    return folder


@pytest.fixture(scope="module")
def done(run_script, made, tmp_path_factory):
    output = tmp_path_factory.mktemp("out") / "three.json"
    words = ["--method", "ours", "none", f"folder:{made}", "-o", "pairs.count=3", "--output", output]
    return run_script("evaluate", "-c", "configs/evaluate/heldout.yml", *words), output


@pytest.fixture(scope="module")
def report(done):
    finished, output = done
    assert finished.returncode == 0, finished.stderr
    return json.loads(output.read_text())


def test_a_report_in_three_files(done, report, made):
    finished, output = done
    assert sorted(path.name for path in output.parent.iterdir()) == ["three.jpg", "three.json", "three.md"]
    assert output.with_suffix(".md").read_text() == markdown(report) == finished.stdout[:-1]
    assert Image.open(output.with_suffix(".jpg")).size == (5 * 224, 3 * 224)
    assert read_provenance(output.with_suffix(".jpg"))["synthetic"]
    assert report["pairs"]["count"] == 3 == report["gallery"] and report["features"] is None
    for part in (report["recogniser"], report["estimator"], report["methods"]["ours"]["made_by"]):
        assert len(part["sha256"]) == 64
    assert len(report["pairs"]["list_sha256"]) == len(report["pairs"]["pictures_sha256"]) == 64


def test_no_swap_has_no_errors_and_a_swap_has_the_identity(report):
    ours, none = (report["methods"][name]["metrics"] for name in ("ours", "none"))
    for name in ("pose", "expression", "shape", "gaze", "openness"):
        assert none[name]["value"] < 1e-3 < ours[name]["value"], name
    assert none["background"]["value"] == 100 and none["background_ssim"]["value"] == pytest.approx(1)
    assert ours["id_distance"]["value"] < none["id_distance"]["value"] - 0.15
    assert ours["id_retrieval"]["value"] > none["id_retrieval"]["value"]
    difference = report["differences"]["ours - none"]["id_distance"]
    assert difference["value"] == pytest.approx(ours["id_distance"]["value"] - none["id_distance"]["value"])
    assert difference["low"] <= difference["value"] <= difference["high"] < 0
    assert set(ours) <= set(METRICS) and {"jitter", "flicker", "id_spread", "covered"}.isdisjoint(ours)


def test_failures_keep_their_place(done, report):
    (one,) = [one for name, one in report["methods"].items() if name.startswith("folder:")]
    assert one["failures"]["count"] == 2 and one["failures"]["share"] == pytest.approx(2 / 3)
    reasons = [failed["why"] for failed in one["failures"]["pairs"]]
    assert "200 x 200" in reasons[0] and "must be of one size" in reasons[0] and "not there" in reasons[1]
    assert one["metrics"]["pose"]["count"] == 1 and one["metrics"]["pose"]["low"] is None
    assert one["metrics"]["same_person"] == {"value": 0.0, "low": 0.0, "high": 0.0, "count": 3}
    assert one["metrics"]["id_retrieval"]["count"] == 3
    assert done[0].stderr.strip().splitlines()[-1].startswith("folder:") and "2 of 3 pairs failed" in done[0].stderr


@pytest.mark.slow
def test_the_short_report_has_the_same_numbers(report, samples):
    short = evaluate(load_pairs(samples / "heldout", 3), NetworkSwap(bundled("mfs_224")))[0]["methods"]["result"]
    long = {name: one["value"] for name, one in report["methods"]["ours"]["metrics"].items()}
    wanted = {
        "id_distance": short["distance"]["value"],
        "same_person": short["share_same_person"],
        "sharpness": short["sharpness_median"],
        "picture_sharpness": short["picture_sharpness_median"],
        "shape": short["shape_median_per_mille"],
        "background": short["background_psnr_db"],
    }
    assert {name: long[name] for name in wanted} == pytest.approx(wanted, rel=1e-5)


def test_two_runs_are_alike(made, done, report, tmp_path):
    overrides = ["pairs.count=3", f'methods=["ours", "none", "folder:{made}"]']
    again, rows = run(load_protocol(CONFIGS / "heldout.yml", overrides), "heldout")
    assert json.dumps(again) == json.dumps(report)
    write_sheet(tmp_path / "again.jpg", rows)
    assert (tmp_path / "again.jpg").read_bytes() == done[1].with_suffix(".jpg").read_bytes()


@pytest.fixture
def own(two_folders_of_faces, tmp_path):
    """Two sources, two targets; the targets as frames of two clips."""
    for video, frames in {"v1": ["id009_base", "id009_yawl"], "v2": ["id028_base", "id021_yawl"]}.items():
        (tmp_path / "videos" / video).mkdir(parents=True)
        for number, face in zip((1, 2) if video == "v1" else (1, 7), frames):
            shutil.copy(FACES / f"{face}.jpg", tmp_path / "videos" / video / f"{number:04d}.jpg")
    (tmp_path / "list.json").write_text('[["v1", "v2"]]')
    return tmp_path


def test_layouts(own):
    pairs = two_folders(own / "a", own / "b")
    assert [(a.stem, b.stem) for a, b in pairs.files] == [("id009_base", "id028_base"), ("id021_base", "id028_yawl")]
    followed = clips(own / "a", own / "videos")
    assert followed.consecutive and followed.videos == ["v1", "v1", "v2", "v2"]
    assert [(a.stem, b.name) for a, b in followed.files[1:3]] == [
        ("id009_base", "0002.jpg"),
        ("id021_base", "0001.jpg"),
    ]
    assert pairs.list_sha256() != followed.list_sha256() and pairs.pictures_sha256() != followed.pictures_sha256()


def test_frame_n_onto_frame_n_and_the_nearest_pose_where_there_is_none(own):
    """Frame 7 of v2 is turned; of v1, which has no frame 7, the turned one is taken."""
    found = videos(own / "videos", own / "list.json", 10, both_ways=False)
    assert found.videos == ["v1 on v2"] * 2 and not found.consecutive
    assert [(a.name, b.name) for a, b in found.files] == [("0001.jpg", "0001.jpg"), ("0002.jpg", "0007.jpg")]
    both = videos(own / "videos", own / "list.json", 1).files
    assert [(a.parent.name, b.parent.name, b.name) for a, b in both] == [
        ("v1", "v2", "0001.jpg"),
        ("v2", "v1", "0001.jpg"),
    ]


def test_steadiness_is_measured_within_a_clip(own):
    overrides = [f"pairs.sources={own / 'a'}", f"pairs.targets={own / 'videos'}", "methods=[mesh, none]"]
    report, rows = run(load_protocol(CONFIGS / "clips.yml", overrides), "clips")
    mesh, none = (report["methods"][name]["metrics"] for name in ("mesh", "none"))
    assert mesh["jitter"]["count"] == 2 == mesh["flicker"]["count"] and mesh["id_spread"]["count"] == 2
    assert mesh["jitter"]["value"] > none["jitter"]["value"] == pytest.approx(0, abs=1e-6)
    assert mesh["pose"]["count"] == 2 and "bootstrap over videos" in report["intervals"]  # two frames a video
    assert report["pairs"]["count"] == 4 == len(rows) and len(rows[0]) == 4


def refused(done, *parts):
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert all(part in done.stderr for part in parts), done.stderr


def test_bad_inputs_give_one_line(run_here, own):
    folders = ["evaluate", "-c", "configs/evaluate/folders.yml", "--method", "none", "--output", own / "r.json"]

    def given(sources, targets, *more):
        return run_here(*folders, "-o", f"pairs.sources={sources}", "-o", f"pairs.targets={targets}", *more)

    refused(run_here(*folders), "pairs.sources", "-o pairs.sources=PATH")
    refused(given(own / "gone", own / "b"), "gone: no such folder")
    refused(given(own, own / "b"), "holds no pictures")
    shutil.copy(own / "a" / "id009_base.jpg", own / "a" / "more.jpg")
    refused(given(own / "a", own / "b"), "has 3 pictures", "has 2", "as many sources as targets")
    (own / "walls").mkdir()
    for name in ("1", "2"):
        Image.fromarray(np.full((200, 200, 3), 99, np.uint8)).save(own / "walls" / f"{name}.png")
    refused(given(own / "walls", own / "b"), "none: no pair could be measured", "no face found", "1 more pairs failed")
    refused(given(own / "walls", own / "b", "--method", "folder:nowhere"), "folder:nowhere: no such folder")
    refused(given(own / "walls", own / "b", "--pairs", 1), "--pairs: is of the short report")
    refused(
        given(own / "walls", own / "b", "--method", "ourz"),
        "methods",
        "ours, mesh, none, simswap, weights:FILE or folder:DIR",
    )
    refused(given(own / "walls", own / "b", "-o", "recogniser.name=onnx"), "recogniser.weights", "needs the path")
    refused(run_here("evaluate", "--method", "none"), "--method: is of a protocol")
    assert not list(own.glob("r.*"))


def test_one_pair_by_the_command(run_here, own):
    for name in ("a", "b"):
        sorted((own / name).iterdir())[1].unlink()
    words = ["-o", f"pairs.sources={own / 'a'}", "-o", f"pairs.targets={own / 'b'}", "--output", own / "one.json"]
    done = run_here("evaluate", "-c", "configs/evaluate/folders.yml", "--method", "none", *words)
    assert done.returncode == 0 and "1 pairs (folders" in done.stdout, done.stderr
    report = json.loads((own / "one.json").read_text())
    metrics = report["methods"]["none"]["metrics"]
    assert all((one["low"], one["count"]) == (None, 1) for one in metrics.values()) and report["differences"] == {}
    assert metrics["id_retrieval"]["value"] == 1  # of a gallery of one


@pytest.mark.slow
def test_the_surveys_protocol_with_networks_of_its_kind(run_script, samples, tmp_path):
    """Untrained ones of full size: the converter reads the file, the protocol runs."""
    rng = np.random.RandomState(0)
    shapes = {name: tuple(value.shape) for name, value in create_model("cosface20").state_dict().items()}
    shapes = {name.replace("._weight", ".weight"): shape for name, shape in shapes.items()}
    shapes["fc.weight"] = shapes["fc.weight"][::-1]  # PyTorch keeps (out, in)
    write_torch(tmp_path / "ACC99.28.pth", {name: rng.normal(0, 0.05, shape) for name, shape in shapes.items()})
    networks = tmp_path / "networks"
    done = run_script("convert_weights", "cosface20", "--from", tmp_path / "ACC99.28.pth", "--out", networks)
    assert done.returncode == 0, done.stderr
    save_state(networks / "inception.pdparams", create_model("inception").state_dict())
    words = ["-o", f"pairs.faces=[{samples / 'heldout'}]", "-o", "pairs.count=3", "-o", f"features.cache={tmp_path}"]
    words += ["-o", f"recogniser.weights={networks / 'cosface20.pdparams'}", "--method", "none"]
    words += ["-o", f"features.weights={networks / 'inception.pdparams'}", "--output", tmp_path / "survey.json"]
    pose, expression = (head_network(networks / name, width) for name, width in (("pose.onnx", 66), ("3ddfa.onnx", 62)))
    words += ["-o", f"pose.onnx={pose}", "-o", f"expression.onnx={expression}"]
    done = run_script("evaluate", "-c", "configs/evaluate/survey.yml", *words)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "survey.json").read_text())
    assert report["recogniser"]["name"] == "cosface20" and report["recogniser"]["mirror_joined"]
    one, pictures = report["methods"]["none"]["metrics"], report["methods"]["none"]["pictures"]
    assert -1 <= one["id_similarity"]["value"] <= 1 and "same_person" not in one
    assert one["pose_by_network"]["value"] == one["expression_by_network"]["value"] == 0  # of the target itself
    shown = [(read["onnx"], read["size"], read["cut"], read["colours"]) for read in report["by_network"].values()]
    assert shown == [("pose.onnx", 224, "picture", "bgr"), ("3ddfa.onnx", 120, "picture", "bgr")]
    assert (pictures["count"], pictures["originals"]) == (3, 6) and pictures["fid"] > 0
    assert "FID of pictures against originals, bilinear to 299 px" in done.stdout


def head_network(path, width):
    """An .onnx file with the ends of Hopenet (66 wide) or 3DDFA (62), between them only averages."""
    onnx = pytest.importorskip("onnx")
    side, names = (224, ("yaw", "pitch", "roll")) if width == 66 else (120, ("numbers",))
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = np.random.RandomState(width).normal(0, 1, (3, width)).astype(np.float32)
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["means"]), helper.make_node("Flatten", ["means"], ["row"])]
    graph = helper.make_graph(
        nodes + [helper.make_node("MatMul", ["row", "weights"], [name]) for name in names],
        "heads",
        [helper.make_tensor_value_info("x", kind, [1, 3, side, side])],
        [helper.make_tensor_value_info(name, kind, [1, width]) for name in names],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def write_torch(path, state):
    """What torch.save writes of a state dict of float32, in its zip form."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2(*_):
        raise NotImplementedError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2

    class Storage:
        def __init__(self, key, count):
            self.told = "storage", torch.FloatStorage, key, "cpu", count

    class Tensor:
        def __init__(self, key, shape):
            strides = [int(np.prod(shape[place + 1 :])) for place in range(len(shape))]
            self.parts = Storage(key, int(np.prod(shape))), 0, tuple(shape), tuple(strides), False, OrderedDict()

        def __reduce__(self):
            return _rebuild_tensor_v2, self.parts

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.told if isinstance(value, Storage) else None

    arrays = [np.ascontiguousarray(value, np.float32) for value in state.values()]
    buffer = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        tensors = {name: Tensor(str(number), arrays[number].shape) for number, name in enumerate(state)}
        Pickler(buffer, 2).dump(tensors)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", buffer.getvalue())
        for number, array in enumerate(arrays):
            archive.writestr(f"archive/data/{number}", array.tobytes())


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yml")), ids=lambda path: path.stem)
def test_shipped_protocols_load_strictly(path, tmp_path):
    assert load_protocol(path).seed == 0
    with pytest.raises(UserError, match="did you mean pairs.count"):
        load_protocol(path, ["pairs.cuont=3"])
    with pytest.raises(UserError, match="pairs.layout is pile"):
        load_protocol(path, ["pairs.layout=pile"])
