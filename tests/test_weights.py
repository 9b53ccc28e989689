"""Weights on disk: strict loading, damaged and foreign files, cards."""

import os
import pickle
import re

import numpy as np
import paddle
import pytest

from paddle_mfs.metrics.report import check_card
from paddle_mfs.models import create_model
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.provenance import weights_facts
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import bundled, card_path, load_into, load_state, read_card, save_state, write_card


def state():
    rng = np.random.default_rng(0)
    return {
        "a.weight": rng.standard_normal((8, 3, 3, 3)).astype(np.float32),
        "a.bias": np.zeros(8, np.float32),
        "steps": np.array([3], np.int64),
    }


def error_of(path, load=load_state):
    with pytest.raises(UserError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def test_round_trip_is_exact_and_paddle_reads_the_file(tmp_path):
    path, right = tmp_path / "sub" / "x.pdparams", state()
    save_state(path, right)
    for read in (load_state(path), paddle.load(str(path), return_numpy=True)):
        assert read.keys() == right.keys()
        assert all(
            np.array_equal(read[name], value) and read[name].dtype == value.dtype for name, value in right.items()
        )
    assert [p.name for p in path.parent.iterdir()] == ["x.pdparams"]


def test_half_is_stored_as_float16_and_read_as_float32(tmp_path):
    path, right = tmp_path / "x.pdparams", state()
    save_state(path, right, half=True)
    stored, read = paddle.load(str(path), return_numpy=True), load_state(path)
    assert stored["a.weight"].dtype == np.float16 and stored["steps"].dtype == np.int64
    assert read["a.weight"].dtype == np.float32
    np.testing.assert_allclose(read["a.weight"], right["a.weight"], rtol=1e-3)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_files_of_paddle_save_load(tmp_path, protocol):
    layer, other = (paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 3), paddle.nn.BatchNorm2D(4)) for _ in range(2))
    path = tmp_path / "x.pdparams"
    paddle.save(layer.state_dict(), str(path), protocol=protocol)
    load_into(other, path)
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], value)


def test_tensors_and_arrays_saved_by_hand_load(tmp_path):
    path = tmp_path / "x.pdparams"
    paddle.save({"t": paddle.ones([2, 2]), "n": np.full(3, 2, np.float64)}, str(path))
    read = load_state(path)
    assert read["t"].tolist() == [[1, 1], [1, 1]] and read["n"].dtype == np.float32


def test_tensors_pickled_as_name_and_array_load(tmp_path):
    path = tmp_path / "x.pdparams"
    content = {"t": ("linear_0.w_0", np.ones(3, np.float32)), "StructuredToParameterName@@": {"t": "linear_0.w_0"}}
    path.write_bytes(pickle.dumps(content, 2))
    assert {name: value.tolist() for name, value in load_state(path).items()} == {"t": [1, 1, 1]}


def test_missing_file(tmp_path):
    assert "no such weights file" in error_of(tmp_path / "none.pdparams")


@pytest.mark.parametrize("keep", [0, 1, 40, 0.5, 0.99])
def test_truncated_and_empty_files_are_refused_by_name(tmp_path, keep):
    path = tmp_path / "x.pdparams"
    content = bundled("blazeface").read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    assert "truncated or of another kind" in error_of(path)


@pytest.mark.parametrize(
    "content", [b"<html>404: not found</html>\n", b"just some text\n" * 50, bytes(range(256)) * 8, b"\x00" * 4096]
)
def test_files_of_another_kind_are_refused_by_name(tmp_path, content):
    path = tmp_path / "x.pdparams"
    path.write_bytes(content)
    assert "weights file" in error_of(path)


@pytest.mark.parametrize(
    "value", [[1, 2, 3], {}, {"a": "text"}, {"a": [1.0, 2.0]}, {"a": np.array(["x"])}, {"a": np.array([{}])}, 7, None]
)
def test_pickles_that_are_no_dict_of_arrays_are_refused(tmp_path, value):
    path = tmp_path / "x.pdparams"
    path.write_bytes(pickle.dumps(value))
    assert "holds no dict of named arrays" in error_of(path)


class Command:
    """Runs a shell command when unpickled by Python's own reader."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_code_in_a_file_is_not_run(tmp_path):
    path, mark = tmp_path / "x.pdparams", tmp_path / "mark"
    path.write_bytes(pickle.dumps({"a": np.ones(2), "b": Command(f"touch {mark}")}))
    assert "system" in error_of(path)
    assert not mark.exists()
    path.write_bytes(pickle.dumps({"a": eval("pickle.loads")}))
    assert "loads" in error_of(path)


def test_weights_of_another_network_name_the_keys():
    path = bundled("mobilefacenet")
    message = error_of(path, lambda p: create_model("facemesh", weights=p))
    assert "missing keys" in message and "unexpected keys" in message
    assert "landmarks." in message and "blocks.0" in message


def test_wrong_shapes_are_named(tmp_path):
    path = tmp_path / "x.pdparams"
    save_state(path, {"weight": np.zeros((3, 4), np.float32), "bias": np.zeros(5, np.float32)})
    assert "weight (3, 4) instead of (4, 5)" in error_of(path, lambda p: load_into(paddle.nn.Linear(4, 5), p))


def test_unwritable_place_is_one_line(tmp_path):
    (tmp_path / "x.pdparams").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        save_state(tmp_path / "x.pdparams", state())
    assert [p.name for p in tmp_path.iterdir()] == ["x.pdparams"]


def test_bundled_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLE_MFS_WEIGHTS", str(tmp_path))
    with pytest.raises(UserError, match="PADDLE_MFS_WEIGHTS"):
        bundled("facemesh")
    save_state(tmp_path / "facemesh.pdparams", state())
    assert bundled("facemesh") == tmp_path / "facemesh.pdparams"


def test_card_holds_size_and_hash(tmp_path):
    path = tmp_path / "x.pdparams"
    assert read_card(path) == {}
    save_state(path, state())
    write_card(path, {"name": "x"})
    card = read_card(path)
    assert card == {"file": "x.pdparams", "bytes": path.stat().st_size, "sha256": sha256(path), "name": "x"}


@pytest.mark.parametrize(
    "content, told",
    [
        (b'{"licence": ', "no JSON"),
        (b"", "no JSON"),
        (b'{"licence": "\xff"}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1, 2]", "no dict"),
        (b'{"licence": 7}', "licence is no str"),
        (b'{"heldout": "good"}', "heldout is no dict"),
        (b'{"over": "mfs_224.pdparams"}', "over is no dict"),
        (b'{"over": {}}', "over.file is missing"),
        (b'{"over": {"sha256": "0"}}', "over.file is missing"),
        (b'{"over": {"file": "mfs_224.pdparams"}}', "over.sha256 is missing"),
        (b'{"over": {"file": "../x.pdparams", "sha256": "0"}}', "over.file is no file name"),
        (b'{"over": {"file": "", "sha256": "0"}}', "over.file is no file name"),
    ],
)
def test_a_damaged_card_is_one_line_wherever_it_is_read(tmp_path, content, told):
    """It names the card, and says what to do."""
    path = tmp_path / "x.pdparams"
    save_state(path, state())
    card_path(path).write_bytes(content)
    for read in (read_card, weights_facts, load_mfs, check_card):
        with pytest.raises(UserError, match=rf"x\.json: a damaged card \({re.escape(told)}\); get it again") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_folder_in_place_of_a_card_is_no_card(tmp_path):
    (tmp_path / "x.json").mkdir()
    assert read_card(tmp_path / "x.pdparams") == {}
