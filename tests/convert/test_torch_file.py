"""Files of torch.save, read without PyTorch; what is damaged, foreign or malicious is refused in one line."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paddle_mfs.convert.torch_file import MAGIC, read_torch
from paddle_mfs.utils.errors import UserError

REFERENCE = Path(__file__).parents[1] / "fixtures" / "teachers_reference.zip"


@pytest.fixture
def folder(tmp_path):
    with zipfile.ZipFile(REFERENCE) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def archive(path, pickled, storages=()):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickled)
        for name, data in dict(storages).items():
            file.writestr(f"archive/data/{name}", data)
    return path


def tensor_pickle(offset, size, stride, kind="FloatStorage", count=4):
    """What torch.save pickles for {"w": a view of storage "0"}, written by hand: protocol 2."""

    def number(value):
        return b"J" + int(value).to_bytes(4, "little", signed=True)

    def text(value):
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    def several(values):
        return b"(" + b"".join(map(number, values)) + b"t"

    identity = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text("0") + text("cpu") + number(count) + b"tQ"
    rebuilt = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + identity
        + number(offset)
        + several(size)
        + several(stride)
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )
    return b"\x80\x02}" + text("w") + rebuilt + b"s."


def test_zip_files_hold_their_names_and_shapes(folder):
    state = read_torch(folder / "simswap.pth")
    assert state["first_layer.1.weight"].shape == (4, 3, 7, 7) and state["first_layer.1.weight"].dtype == np.float32
    assert state["first_layer.2.num_batches_tracked"].shape == ()


def test_a_whole_model_in_the_older_form_is_read_without_its_classes(folder):
    state = read_torch(folder / "wrapped.tar")
    assert state["input_layer.0.weight"].shape == (16, 3, 3, 3) and not any(
        name.startswith("module.") for name in state
    )
    assert "output_layer.4.running_var" in state and "weight" not in state  # the network's alone, not the margin's


def test_views_are_cut_out_of_their_storage(tmp_path):
    data = np.arange(4, dtype=np.float32).tobytes()
    path = archive(tmp_path / "a.pth", tensor_pickle(1, (2, 1), (2, 1)), {"0": data})
    np.testing.assert_array_equal(read_torch(path)["w"], [[1], [3]])


@pytest.mark.parametrize(
    "offset, size, stride", [(0, (5,), (1,)), (3, (2,), (1,)), (0, (2, 2), (3, 1)), (-1, (2,), (1,)), (0, (2,), (-1,))]
)
def test_tensors_beyond_their_storage_are_refused(tmp_path, offset, size, stride):
    path = archive(tmp_path / "a.pth", tensor_pickle(offset, size, stride), {"0": bytes(16)})
    with pytest.raises(UserError, match="reaches beyond its storage"):
        read_torch(path)


def test_nothing_a_file_names_is_run(tmp_path):
    marker = tmp_path / "marker"

    class Bomb:
        def __reduce__(self):
            return open, (str(marker), "w")

    for pickled in (pickle.dumps({"w": Bomb()}, 2), pickle.dumps(Bomb(), 2)):
        with pytest.raises(UserError, match="holds no tensors"):
            read_torch(archive(tmp_path / "bomb.pth", pickled))
    (tmp_path / "old.pth").write_bytes(
        pickle.dumps(MAGIC, 2)
        + pickle.dumps(1001, 2)
        + pickle.dumps({}, 2)
        + pickle.dumps({"w": Bomb()}, 2)
        + pickle.dumps([], 2)
    )
    with pytest.raises(UserError, match="holds no tensors"):
        read_torch(tmp_path / "old.pth")
    assert not marker.exists()


def test_numbers_that_numpy_has_not_are_named(tmp_path):
    path = archive(tmp_path / "a.pth", tensor_pickle(0, (2,), (1,), "BFloat16Storage"), {"0": bytes(8)})
    with pytest.raises(UserError, match="BFloat16Storage.*float32"):
        read_torch(path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", pickle.dumps({"a": 1}), pickle.dumps(MAGIC, 2)])
def test_other_files_are_refused_in_one_line(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match="a.pth: not a readable file of torch.save") as caught:
        read_torch(tmp_path / "a.pth")
    assert "\n" not in str(caught.value)


def test_truncated_and_missing_files(folder):
    for name in ("simswap.pth", "wrapped.tar"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) * 2 // 3])
        with pytest.raises(UserError, match="not a readable file of torch.save"):
            read_torch(folder / name)
    with pytest.raises(UserError, match="no such file"):
        read_torch(folder / "none.pth")


def test_torchscript_is_read_as_names_of_its_layers(tmp_path):
    """An object of a class __torch__.Net, whose layer `conv` is another with the tensor `w`."""
    layer = tensor_pickle(0, (2, 2), (2, 1))[2:-1]  # {"w": tensor}: the state of the layer
    shell = b"c__torch__.net\nNet\n)\x81"
    pickled = b"\x80\x02" + shell + b"}X\x04\x00\x00\x00conv" + shell + layer + b"bsb."
    data = np.arange(4, dtype=np.float32).tobytes()
    path = archive(tmp_path / "net.pt", pickled, {"0": data})
    for state in (read_torch(path), read_torch("package: net.pt", path.read_bytes())):
        assert list(state) == ["conv.w"]
        np.testing.assert_array_equal(state["conv.w"], [[0, 1], [2, 3]])
    with pytest.raises(UserError, match="package: net.pt: not a readable file"):
        read_torch("package: net.pt", path.read_bytes()[:40])
