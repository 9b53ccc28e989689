"""Recognisers that a user brings: an encoder of the bundled kind, and any in an ONNX file."""

import numpy as np
import pytest

from paddle_mfs.face.align import template
from paddle_mfs.metrics.recogniser import SIDE, Judge
from paddle_mfs.metrics.retrieval import similarity
from paddle_mfs.models import create_model
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import bundled, save_state


@pytest.fixture(scope="module")
def averaging(tmp_path_factory):
    """An ONNX network: (1, 3, 112, 112) -> the means of its quarters' colours, (1, 12)."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    path = tmp_path_factory.mktemp("onnx") / "averages.onnx"
    nodes = [
        helper.make_node("AveragePool", ["x"], ["means"], kernel_shape=[56, 56], strides=[56, 56]),
        helper.make_node("Flatten", ["means"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 12]),
    ]
    graph = helper.make_graph(nodes, "averages", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def test_an_onnx_file_judges_in_rgb_from_minus_one_to_one(averaging):
    judge = Judge("onnx", averaging)
    chip = np.zeros((SIDE, SIDE, 3), np.uint8)
    chip[:, :56] = (255, 0, 0)
    (row,) = judge.descriptors([chip])
    wanted = np.array([1, -1, 1, -1] + [-1] * 8, float)  # by colour, then by quarter
    assert row == pytest.approx(wanted / np.linalg.norm(wanted))
    assert judge.facts["sha256"] == sha256(averaging) and "same_person_below" not in judge.facts
    (joined,) = Judge("onnx", averaging, mirror=True).descriptors([chip])
    assert joined.shape == (24,) and np.linalg.norm(joined) == pytest.approx(1)
    assert not np.allclose(joined[:12], joined[12:])


def test_an_encoder_judges_faces_of_112_px():
    judge = Judge("encoder", bundled("mobilefacenet"))
    image = np.random.RandomState(0).randint(0, 256, (200, 200, 3), np.uint8)
    chip = judge.chip(image, np.array([[70, 80], [130, 80], [100, 110], [80, 140], [120, 140.0]]))
    (row,) = judge.descriptors([chip])
    assert chip.shape == (112, 112, 3) and row.shape == (192,)
    assert similarity(row[None], row[None]) == pytest.approx(1) and judge.distance(row[None], row[None]) == 0


@pytest.mark.slow
def test_cosface_is_shown_a_narrow_crop(tmp_path):
    save_state(tmp_path / "cosface20.pdparams", create_model("cosface20").state_dict())
    judge = Judge("cosface20", tmp_path / "cosface20.pdparams", mirror=True)
    image = np.zeros((224, 224, 3), np.uint8)
    five = template(224)
    for x, y in np.rint(five).astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    chip = judge.chip(image, five)
    assert chip.shape == (112, 96, 3)
    assert all(chip[y, x - 8].min() > 150 for x, y in np.rint(template(112)).astype(int))
    (row,) = judge.descriptors([chip])
    assert row.shape == (1024,) and np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


def test_what_is_refused(tmp_path):
    with pytest.raises(UserError, match="known: dlib_resnet, cosface20, encoder, onnx"):
        Judge("facenet")
    with pytest.raises(UserError, match="recogniser.weights: .*gone.onnx: no such file"):
        Judge("onnx", tmp_path / "gone.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    with pytest.raises(UserError, match="bad.onnx: onnxruntime cannot load it"):
        Judge("onnx", tmp_path / "bad.onnx")
