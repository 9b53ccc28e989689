"""Teachers in ONNX files: a small real one, made here, run by onnxruntime."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.image import read_image
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError

onnx = pytest.importorskip("onnx", reason="needs onnx to make a file: pip install onnx")
pytest.importorskip("onnxruntime", reason='needs onnxruntime: pip install -e ".[onnx]"')
SIDE, WIDTH = 32, 3


def save(path, nodes, inputs, outputs, constants=(), metadata=None):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in items.items()]
        for items in (inputs, outputs)
    ]
    graph = helper.make_graph(
        [helper.make_node(op, ins, [out], **options) for op, ins, out, options in nodes],
        "swapper",
        *values,
        [onnx.numpy_helper.from_array(np.asarray(v, np.float32), n) for n, v in dict(constants).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """swapper: half target, half the embedding as a colour; blend: half target, half source; recogniser: mean
    colour."""
    folder = tmp_path_factory.mktemp("onnx")
    picture = [1, 3, SIDE, SIDE]
    swapper = save(
        folder / "swapper.onnx",
        [
            ("Mul", ["target", "half"], "a", {}),
            ("Reshape", ["embedding", "shape"], "b", {}),
            ("Mul", ["b", "half"], "c", {}),
            ("Add", ["a", "c"], "out", {}),
        ],
        {"target": picture, "embedding": [1, WIDTH]},
        {"out": picture},
        {"half": 0.5},
        {"licence": "CC0 of this test"},
    )
    model = onnx.load(swapper)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, WIDTH, 1, 1]), "shape"))
    onnx.save(model, swapper)
    blend = save(
        folder / "blend.onnx",
        [("Add", ["target", "source"], "a", {}), ("Mul", ["a", "half"], "out", {})],
        {"source": picture, "target": picture},
        {"out": picture},
        {"half": 0.5},
    )
    recogniser = save(
        folder / "recogniser.onnx",
        [("GlobalAveragePool", ["image"], "a", {}), ("Flatten", ["a"], "z", {})],
        {"image": [1, 3, 112, 112]},
        {"z": [1, 3]},
    )
    return {"swapper": swapper, "blend": blend, "recogniser": recogniser, "folder": folder}


def plain(colour):
    return AlignedFace(np.full((64, 64, 3), colour, np.uint8), None)


def teacher(files, **onnx_options):
    section = {
        "name": "onnx",
        "weights": files["swapper"],
        "encoder": files["recogniser"],
        "onnx": {"target": "target", "embedding": "embedding", "encoder_mean": 0, "encoder_std": 1, **onnx_options},
    }
    return create_teacher(section)


def test_source_and_target_as_pictures(files, capsys):
    made = create_teacher({"name": "onnx", "weights": files["blend"], "onnx": {"target": "target", "source": "source"}})
    image, blend = made.swap(plain((200, 100, 0)), plain((100, 50, 50)))
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8 and (blend == 1).all() and blend.shape == (64, 64)
    np.testing.assert_array_equal(image[32, 32], [150, 75, 25])
    assert "blend.onnx states none" in capsys.readouterr().out


def test_an_embedding_of_unit_length_comes_from_the_recogniser(files, capsys):
    image, _ = teacher(files).swap(plain((90, 0, 120)), plain((100, 50, 50)))  # embedding (0.6, 0, 0.8)
    np.testing.assert_allclose(image[5, 5], [50 + 76.5, 25, 25 + 102], atol=1)
    assert "CC0 of this test" in capsys.readouterr().out


def test_colour_order_range_and_projection(files):
    source, target = plain((90, 0, 120)), plain((100, 50, 60))
    swapped, _ = teacher(files, colours="bgr").swap(source, target)
    np.testing.assert_allclose(swapped[5, 5], [50 + 102, 25, 30 + 76.5], atol=1)  # the network's red is our blue
    ranged, _ = teacher(files, mean=0.5, std=[0.5, 0.5, 0.5], output_mean=0.5, output_std=0.5).swap(source, target)
    right = np.array([100 + 127.5 + 76.5, 50 + 127.5, 60 + 127.5 + 102]) / 2
    np.testing.assert_allclose(ranged[5, 5], right, atol=1)
    np.save(files["folder"] / "turn.npy", np.roll(np.eye(3) * 2, 1, 1))
    turned, _ = teacher(files, projection=str(files["folder"] / "turn.npy")).swap(source, target)
    np.testing.assert_allclose(turned[5, 5], [50 + 102, 25 + 76.5, 30], atol=1)


def test_the_crop_goes_into_its_box_and_comes_back(files, samples):
    face = read_image(samples / "faces" / "800505.jpg")[:64, :64].copy()
    made = create_teacher(
        {
            "name": "onnx",
            "weights": files["blend"],
            "onnx": {"target": "target", "source": "source", "box": [4, 0, 28, 24]},
        }
    )
    image, _ = made.swap(AlignedFace(face, None), AlignedFace(face, None))
    right = cv2.resize(
        cv2.resize(face, (24, 24), interpolation=cv2.INTER_AREA), (64, 64), interpolation=cv2.INTER_CUBIC
    )
    assert np.abs(image.astype(int) - right).max() <= 1


def test_forked_workers_are_refused(files):
    with pytest.raises(
        UserError, match="data.workers: the onnx teacher cannot run here in forked processes; set it to 0"
    ):
        create_teacher(
            {"name": "onnx", "weights": files["blend"], "onnx": {"target": "target", "source": "source"}}, workers=1
        )


@pytest.mark.parametrize(
    "options, words",
    [
        ({"targte": "target"}, "unknown key targte; did you mean target"),
        ({"target": "target"}, "has the inputs target, embedding; name them all"),
        ({"target": "image", "embedding": "embedding"}, "has the inputs target, embedding"),
        ({"target": "target", "embedding": "embedding", "output": "y"}, "has the outputs out, not y"),
        ({"target": "target", "embedding": "embedding", "colours": "grb"}, "must be rgb or bgr"),
        ({"target": "target", "embedding": "embedding", "mean": [1, 2]}, "mean: must be a number or three"),
        ({"target": "target", "embedding": "embedding", "size": 64}, "size: 64 does not fit"),
        ({"target": "target", "embedding": "embedding", "size": "32"}, "size: must be a number of pixels, not '32'"),
        ({"target": "target", "embedding": "embedding", "size": -32}, "size: must be a number of pixels, not -32"),
        ({"target": "target", "embedding": "embedding", "box": [0, 0, 40, 40]}, "is no square within 32 x 32"),
        ({"target": "target", "embedding": "embedding", "projection": "none.npy"}, "none.npy: not a readable .npy"),
        ({"target": 3, "embedding": "embedding"}, "target: must be a name"),
    ],
)
def test_wrong_options_are_one_line(files, options, words):
    with pytest.raises(UserError) as caught:
        create_teacher({"name": "onnx", "weights": files["swapper"], "encoder": files["recogniser"], "onnx": options})
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_not_there_or_not_whole(files, tmp_path):
    section = {"name": "onnx", "weights": "none.onnx", "onnx": {"target": "target", "source": "source"}}
    with pytest.raises(UserError, match="teacher.weights: none.onnx: no such file"):
        create_teacher(section)
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="broken.onnx: onnxruntime cannot load it"):
        create_teacher({**section, "weights": str(tmp_path / "broken.onnx")})
    with pytest.raises(UserError, match="teacher.encoder: the embedding"):
        create_teacher(
            {"name": "onnx", "weights": files["swapper"], "onnx": {"target": "target", "embedding": "embedding"}}
        )
