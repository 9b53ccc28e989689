"""Pose and expression by networks of a user's: small ONNX files whose answers are known, what they are shown, what is
refused, and the command."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from paddle_mfs.engine.study import load_protocol
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import CHIN, FOREHEAD, LEFT_BROW, RIGHT_BROW
from paddle_mfs.metrics.estimator import Estimator, EstimatorSettings, box_matrix
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256

onnx = pytest.importorskip("onnx", reason="needs onnx to make a file: pip install onnx")
pytest.importorskip("onnxruntime", reason='needs onnxruntime: pip install -e ".[onnx]"')
CONFIGS = Path(__file__).parents[2] / "configs" / "evaluate"
FACES = Path(__file__).parents[1] / "fixtures" / "identities"
SIDE = 32
AS_IT_IS = {"mean": (0, 0, 0), "std": (1, 1, 1), "read": "values"}  # numbers of a picture in [0, 1]


def save(path, nodes, outputs, constants=(), inputs=None):
    """Write an ONNX file of nodes [(operator, inputs, output, attributes)]."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in some.items()]
        for some in (inputs or {"x": [1, 3, SIDE, SIDE]}, outputs)
    ]
    graph = helper.make_graph(
        [helper.make_node(operator, ins, [out], **attributes) for operator, ins, out, attributes in nodes],
        "network",
        *values,
        [onnx.numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in dict(constants).items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return str(path)


def logits(path, widths=(66, 66, 66), places=(0, 33, 65)):
    """A network of Hopenet's outputs that is sure of one bin of each; a place of None: of none."""
    rows = [np.zeros(width) if place is None else 200.0 * np.eye(width)[place] for width, place in zip(widths, places)]
    names = ("yaw", "pitch", "roll")[: len(widths)]
    return save(
        path,
        [("Identity", [f"known_{name}"], name, {}) for name in names],
        {name: [1, width] for name, width in zip(names, widths)},
        {f"known_{name}": row[None] for name, row in zip(names, rows)},
    )


def averages(path, side=SIDE, declared=SIDE):
    """A network that gives the means of a picture's quarters: of the first colour, the second, the third."""
    half = {"kernel_shape": [side // 2] * 2, "strides": [side // 2] * 2}
    nodes = [("AveragePool", ["x"], "means", half), ("Flatten", ["means"], "y", {})]
    return save(path, nodes, {"y": [1, 12]}, inputs={"x": [1, 3, declared, declared]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="module")
def quarters(folder):
    return averages(folder / "averages.onnx")


def estimator(path, **settings):
    return Estimator("pose", EstimatorSettings(path, **settings))


def a_face(centre, width, height):
    """(468, 2) landmarks of nobody: so wide, so high from brows to chin, with a forehead of half that above."""
    landmarks = np.tile(np.float64(centre), (468, 1))
    landmarks[CHIN, 1] += height / 2
    landmarks[LEFT_BROW, 1] -= height / 2
    landmarks[FOREHEAD, 1] -= height
    landmarks[0, 0] -= width / 2
    landmarks[1, 0] += width / 2
    return landmarks


ANYWHERE = a_face((20, 20), 20, 20)


def test_bins_are_degrees(folder):
    picture = np.zeros((40, 40, 3), np.uint8)
    sure = estimator(logits(folder / "sure.onnx"))(picture, ANYWHERE)
    assert sure == pytest.approx([-99, 0, 96])  # 3 n - 99
    even = estimator(logits(folder / "even.onnx", places=(None, 10, 43)))(picture, ANYWHERE)
    assert even == pytest.approx([-1.5, -69, 30])  # of all bins alike the middle one
    turned = estimator(folder / "sure.onnx", outputs=("roll", "pitch", "yaw"))(picture, ANYWHERE)
    assert turned == pytest.approx([96, 0, -99])


def test_values_are_a_part_of_one_output_in_the_colours_and_range_it_wants(quarters):
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[:16, 16:, 0] = 255  # red, above on the right
    settings = {**AS_IT_IS, "cut": "picture"}
    assert estimator(quarters, **settings)(picture, ANYWHERE) == pytest.approx([0, 1, 0, 0] + [0] * 8)
    assert estimator(quarters, **settings, values=(1, 3))(picture, ANYWHERE) == pytest.approx([1, 0])
    assert estimator(quarters, **settings, colours="bgr")(picture, ANYWHERE) == pytest.approx([0] * 9 + [1, 0, 0])
    ranged = estimator(quarters, **{**settings, "mean": (0.5, 0, 0.5), "std": (0.25, 1, 0.5), "values": (0, 9)})
    assert ranged(picture, ANYWHERE) == pytest.approx([-2, 2, -2, -2] + [0] * 4 + [-1])


@pytest.mark.parametrize("width, height", [(60, 40), (40, 60)])
def test_the_box_is_a_square_around_the_face_from_brows_to_chin(quarters, width, height):
    """White where the box is to be, black elsewhere: 1.5 times 60 px, 6 px above the face's middle."""
    picture = np.zeros((200, 240, 3), np.uint8)
    picture[94 - 45 : 94 + 45, 130 - 45 : 130 + 45] = 255
    landmarks = a_face((129.5, 99.5), width, height)
    seen = estimator(quarters, **AS_IT_IS, side=1.5, up=0.1).shown(picture, landmarks)
    assert seen.shape == (SIDE, SIDE, 3) and seen.min() == 255
    twice = estimator(quarters, **AS_IT_IS, side=3.0, up=0.1)(picture, landmarks)
    assert twice == pytest.approx(np.full(12, 0.25), abs=0.01)  # a quarter of each quarter
    edge = estimator(quarters, **AS_IT_IS, side=3.0, up=0.0)(np.full_like(picture, 255), a_face((0, 0), 40, 40))
    assert edge[:4] == pytest.approx([0, 0, 0, 1], abs=0.1)  # black beyond the picture


def test_boxes_of_the_networks_that_are_documented():
    """Of a face seen from the front: the points of Deep3D's standard face, 102 px a unit around the middle of 224."""
    picture = read_image(FACES / "id028_base.jpg")
    face = FaceAnalyser().largest(picture)
    seen = transform(face.five, box_matrix(face.landmarks[:, :2], 1.59, 0.13, 224))
    standard = np.array([[-0.311, 0.290], [0.310, 0.290], [0.003, -0.046], [-0.252, -0.381], [0.248, -0.381]])
    assert np.abs(seen - (111.5 + 102 * standard * [1, -1])).max() < 6
    low, top = face.landmarks[:, 1].max(), face.landmarks[LEFT_BROW + RIGHT_BROW, 1].min()
    # Hopenet's pictures of AFLW2000, k = 0.2: 2 k of the height above, 0.6 k of what is then the height below; of
    # that, which is wider than high, the square in the middle.
    high = (low - top) * 1.4 * 1.12
    corners = transform(
        np.array([[0, top - (low - top) * 0.4], [0, top - (low - top) * 0.4 + high]]),
        box_matrix(face.landmarks[:, :2], 1.57, 0.12, 224),
    )
    assert corners[:, 1] == pytest.approx([0, 223], abs=8)


def test_the_size_is_the_files_or_the_configs(folder):
    any_size = averages(folder / "any.onnx", 20, "S")
    assert estimator(any_size, **AS_IT_IS, size=20).size == 20
    facts = estimator(any_size, **AS_IT_IS, size=20, values=(0, 2)).facts
    assert facts["onnx"] == "any.onnx" and facts["sha256"] == sha256(any_size) and facts["size"] == 20
    assert facts["outputs"] == ["y"] and json.loads(json.dumps(facts)) == {**facts, "values": [0, 2]}


@pytest.fixture(scope="module")
def files(folder, quarters):
    """Networks of which each has something else wrong, by a short name."""
    (folder / "text.onnx").write_bytes(b"a letter")
    mean = [("GlobalAveragePool", ["x"], "y", {})]
    return {
        "gone": str(folder / "gone.onnx"),
        "text": str(folder / "text.onnx"),
        "quarters": quarters,
        "two": logits(folder / "two.onnx", (66, 66), (1, 1)),
        "uneven": logits(folder / "uneven.onnx", (66, 62, 66), (1, 1, 1)),
        "empty": logits(folder / "empty.onnx", (0,), (None,)),
        "any": averages(folder / "any_size.onnx", SIDE, "S"),
        "wide": save(folder / "wide.onnx", mean, {"y": [1, 3, 1, 1]}, inputs={"x": [1, 3, 32, 64]}),
        "product": save(
            folder / "product.onnx",
            [("Flatten", ["x"], "row", {}), ("MatMul", ["row", "weights"], "y", {})],
            {"y": [1, 2]},
            {"weights": np.zeros((3 * SIDE**2, 2))},
            {"x": [1, 3, "S", "S"]},
        ),
        "grey": save(folder / "grey.onnx", mean, {"y": [1, 1, 1, 1]}, inputs={"x": [1, 1, 32, 32]}),
        "pair": save(
            folder / "pair.onnx",
            [("Add", ["x", "z"], "y", {})],
            {"y": [1, 3, 32, 32]},
            inputs={"x": [1, 3, 32, 32], "z": [1, 3, 32, 32]},
        ),
    }


@pytest.mark.parametrize(
    "name, settings, words",
    [
        ("gone", {}, "pose.onnx: .*gone.onnx: no such file; give an .onnx file"),
        ("text", {}, "pose.onnx: .*text.onnx: onnxruntime cannot load it .*; give an .onnx file that is whole"),
        ("two", {}, r"pose.read: bins are of three .*two.onnx gives yaw \(66\), pitch \(66\); name three in pose.out"),
        ("uneven", {}, r"of one width, .*uneven.onnx gives yaw \(66\), pitch \(62\), roll \(66\); .*pose.read=values"),
        ("quarters", {}, r"bins are of three outputs .*averages.onnx gives y \(12\)"),
        ("quarters", {"read": "values", "values": (4, 13)}, r"pose.values: \[4, 13\] .*averages.onnx .*from 0 to 12"),
        ("quarters", {"outputs": ("z",)}, "pose.outputs: .*averages.onnx has no output z; it has y"),
        ("two", {"read": "values", "outputs": ("yaw", "pitch")}, r"pose.outputs: values are of one .*; name one"),
        ("quarters", {"size": 64}, "pose.size: .*averages.onnx takes pictures of 32 px, not 64; leave it null"),
        ("any", {}, "pose.size: .*any_size.onnx takes pictures of any size; say which"),
        ("empty", {"read": "values"}, r"pose.outputs: values are of one output, not yaw \(0\)"),
        ("product", {"size": 8}, r"product.onnx: fails on a picture of 8 x 8 .*another pose.size"),
        ("wide", {}, r"wide.onnx: takes x \[1, 3, 32, 64\]; give a network that takes one picture"),
        ("grey", {}, r"grey.onnx: takes x \[1, 1, 32, 32\]"),
        ("pair", {}, r"pair.onnx: takes x \[1, 3, 32, 32\], z \[1, 3, 32, 32\]"),
    ],
)
def test_what_is_refused_is_one_line(files, name, settings, words):
    with pytest.raises(UserError, match=words) as caught:
        estimator(files[name], **settings)
    assert "\n" not in str(caught.value)


def test_without_onnxruntime(quarters, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match="pose.onnx: .*averages.onnx: needs onnxruntime .*; pip install onnxruntime"):
        estimator(quarters)


@pytest.mark.parametrize(
    "override, words",
    [
        ("pose.onnx=gone.onnx", "null or a file that is there"),
        ("pose.cut=circle", "one of box, picture"),
        ("pose.side=0", "above 0"),
        ("pose.size=12.5", "null or pixels"),
        ("expression.colours=grb", "one of bgr, rgb"),
        ("expression.mean=[0.5, 0.5]", "a list of three numbers"),
        ("expression.std=[1, 1, 0]", "a list of three numbers above 0"),
        ("expression.outputs=[3]", "a list of names"),
        ("expression.read=mean", "one of bins, values"),
        ("expression.values=[62, 52]", "first < end"),
        ("expression.values=[52]", "first < end"),
    ],
)
def test_settings_are_checked(override, words):
    key = override.split("=")[0]
    with pytest.raises(UserError, match=f"-o {key}=.*{key} is .*{words}"):
        load_protocol(CONFIGS / "survey.yml", [override])


def test_the_surveys_settings():
    """What its code does: whole pictures in the order of OpenCV's colours, (x - 127.5) / 128 for 3DDFA."""
    pose, expression = (load_protocol(CONFIGS / "survey.yml")[name] for name in ("pose", "expression"))
    assert (pose.cut, pose.colours, pose.read, pose.onnx) == ("picture", "bgr", "bins", None)
    assert (expression.cut, expression.colours, expression["values"]) == ("picture", "bgr", [52, 62])
    white = (np.array([255]) / 255 - expression.mean[0]) / expression.std[0]
    assert white == pytest.approx((255 - 127.5) / 128, abs=1e-5)


@pytest.fixture
def own(two_folders_of_faces, tmp_path):
    """Two pairs of faces, and results: the target with more light, the target itself."""
    (tmp_path / "made").mkdir()
    brighter = 255 - (255 - read_image(FACES / "id028_base.jpg")) // 2
    Image.fromarray(brighter).save(tmp_path / "made" / "id009_base__id028_base.png")
    Image.fromarray(read_image(FACES / "id028_yawl.jpg")).save(tmp_path / "made" / "id021_base__id028_yawl.png")
    return tmp_path


def test_two_pairs_by_the_command(run_here, own, quarters, folder):
    words = ["-o", f"pairs.sources={own / 'a'}", "-o", f"pairs.targets={own / 'b'}", "--output", own / "r.json"]
    words += ["-o", f"pose.onnx={logits(folder / 'hopenet.onnx')}", "-o", f"expression.onnx={quarters}"]
    words += ["-o", "expression.cut=picture", "-o", "expression.values=[]"]
    words += ["--method", f"folder:{own / 'made'}", "none"]
    done = run_here("evaluate", "-c", "configs/evaluate/folders.yml", *words)
    assert done.returncode == 0, done.stderr
    report = json.loads((own / "r.json").read_text())
    made, none = (one["metrics"] for one in report["methods"].values())
    assert none["pose_by_network"]["value"] == none["expression_by_network"]["value"] == 0
    assert made["pose_by_network"] == {"value": 0, "low": 0, "high": 0, "count": 2}  # it is sure, whatever it is shown
    pictures = [read_image(own / "made" / "id009_base__id028_base.png"), read_image(own / "b" / "id028_base.jpg")]
    seen = [cv2.resize(picture, (SIDE, SIDE)).reshape(2, 16, 2, 16, 3).mean((1, 3)) for picture in pictures]
    wanted = np.linalg.norm(seen[0] - seen[1]) / 128 / 2  # the second pair's is 0
    assert wanted > 0.1 and made["expression_by_network"]["value"] == pytest.approx(wanted, rel=1e-4)
    assert report["by_network"]["expression"]["sha256"] == sha256(quarters)
    assert report["by_network"]["pose"]["onnx"] == "hopenet.onnx" and report["by_network"]["pose"]["read"] == "bins"
    assert f"expression by averages.onnx ({sha256(quarters)[:12]})" in done.stdout
    assert "expression_by_network (down)" in done.stdout


def test_a_network_that_gives_no_number_is_counted(run_here, own, folder):
    nothing = [("Sub", ["x", "x"], "a", {}), ("Div", ["a", "a"], "b", {}), ("GlobalAveragePool", ["b"], "y", {})]
    path = save(folder / "nothing.onnx", nothing, {"y": [1, 3, 1, 1]})
    words = ["-o", f"pairs.sources={own / 'a'}", "-o", f"pairs.targets={own / 'b'}", "--output", own / "r.json"]
    words += ["-o", f"expression.onnx={path}", "-o", "expression.values=[]", "--method", "none"]
    done = run_here("evaluate", "-c", "configs/evaluate/folders.yml", *words)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        "none: 2 of 2 pairs failed, the first id009_base.jpg on id028_base.jpg: "
        "the network of expression.onnx gives no number"
    )
    none = json.loads((own / "r.json").read_text())["methods"]["none"]
    assert none["failures"]["count"] == 2 and none["metrics"]["pose"]["count"] == 2
    assert "expression_by_network" not in none["metrics"] and "pose_by_network" not in none["metrics"]
