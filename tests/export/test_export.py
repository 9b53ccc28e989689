"""An exported identity gives the dygraph pixels, wherever it runs; half an export is never left."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest
import yaml

from paddle_mfs.export.check import compare, crops_to_batch, reference
from paddle_mfs.export.lite import export_lite
from paddle_mfs.export.paddle import export_paddle
from paddle_mfs.face.align import align
from paddle_mfs.face.image import read_image
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.errors import UserError


@pytest.fixture(scope="module")
def crops(swapper, samples):
    """Aligned 224 px crops of two generated adults."""
    image = read_image(samples / "target.jpg")
    return [swapper.identity.crop, align(image, swapper.analyser.largest(image).five, 224)[0]]


@pytest.fixture(scope="module")
def batch(crops):
    return crops_to_batch(crops)


@pytest.fixture(scope="module")
def expected(swapper, batch):
    return reference(swapper.identity.idn, batch)


def parity(expected, batch, run):
    """Largest difference; the network must do something, or the comparison says nothing."""
    assert np.abs(expected[0] - batch).max() > 0.1
    assert 0.3 < expected[1].max() <= 1 and expected[1].min() < 0.1
    return max(
        float(np.abs(output - wanted[i : i + 1]).max())
        for i, x in enumerate(batch)
        for output, wanted in zip(run(x[None]), expected)
    )


def test_batch_holds_mirror_images(crops, batch):
    assert batch.shape == (4, 3, 224, 224) and batch.dtype == np.float32
    assert np.allclose(batch[1], batch[0][:, :, ::-1]) and np.allclose(batch[0] * 255, crops[0].transpose(2, 0, 1))


def test_paddle_export(swapper, batch, expected, tmp_path):
    identity, folder = swapper.identity, tmp_path / "export"
    card = export_paddle(identity, folder, lambda run: compare("export", expected, batch, run))
    assert {path.name for path in folder.iterdir()} == {"idn.pdmodel", "idn.pdiparams", "deploy.yml"}
    assert [path.name for path in tmp_path.iterdir()] == ["export"], "no temporary folder is left"
    assert parity(expected, batch, PaddleRunner(folder / "idn.pdmodel")) <= 1e-5
    assert parity(expected, batch, lambda x: reference(identity.idn, x)) == 0, "the identity in use is left as it was"

    deploy = yaml.safe_load((folder / "deploy.yml").read_text())
    assert deploy == card and deploy["difference_from_dygraph"] <= 1e-5
    assert deploy["crop"]["size"] == 224 and np.allclose(deploy["crop"]["template"][0], [76.5892, 103.3926])
    assert deploy["input"]["name"] == "image" and deploy["input"]["shape"] == [1, 3, 224, 224]
    assert [output["shape"][1] for output in deploy["outputs"]] == [3, 1] and "result - image" in deploy["paste"]
    assert [output["name"] for output in deploy["outputs"]] == PaddleRunner(folder / "idn.pdmodel").output_names
    assert (
        deploy["provenance"]["source_sha256"] == identity.facts["source_sha256"]
        and deploy["provenance"]["synthetic"] is True
    )
    assert deploy["versions"].keys() == {"paddle", "paddle_mfs"} and deploy["provenance"]["weights"]["licence"]

    export_paddle(identity, folder)  # an earlier export is replaced
    with pytest.raises(UserError, match="differs"):
        export_paddle(identity, folder, lambda run: compare("export", [expected[0] + 1e-3, expected[1]], batch, run))
    assert yaml.safe_load((folder / "deploy.yml").read_text())["provenance"]["source_sha256"], (
        "a failed export changes nothing"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_paddle_export_spares_other_folders(swapper, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for folder, told in (
        (tmp_path / "mine", "is no earlier export"),
        (tmp_path / "file", "is no earlier export"),
        (tmp_path / "file" / "under", "cannot be written"),
    ):
        with pytest.raises(UserError, match=told):
            export_paddle(swapper.identity, folder)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_lite_export(swapper, batch, expected, tmp_path, capfd):
    made = export_lite(
        dataclasses.replace(swapper.identity, name="who"),
        tmp_path,
        ("arm", "gpu", "x86"),
        check=lambda run: compare("who_x86.nb", expected, batch, run),
    )
    assert [path.name for path, _ in made] == ["who_arm.nb", "who_gpu.nb", "who_x86.nb"]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json"] * 3 + [".nb"] * 3
    assert parity(expected, batch, LiteRunner(tmp_path / "who_x86.nb")) <= 1e-5
    assert "Loading topology" not in capfd.readouterr().out, "what opt prints stays out of the tool's output"
    for path, card in made:
        assert json.loads(path.with_suffix(".json").read_text()) == card
        assert (
            card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            and card["bytes"] == path.stat().st_size < 2.3e6
        )
        assert card["versions"]["paddlelite"] == "2.13rc0" and card["provenance"]["source_sha256"]
    differences = [card["difference_from_dygraph"] for _, card in made]
    assert differences[:2] == [None, None] and 0 < differences[2] <= 1e-5


def test_failed_lite_exports_leave_nothing(swapper, batch, expected, tmp_path):
    with pytest.raises(UserError, match="differs from dygraph"):
        export_lite(
            swapper.identity,
            tmp_path,
            ["x86"],
            check=lambda run: compare("x", [expected[0] * 0.9, expected[1]], batch, run),
        )
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        export_lite(swapper.identity, tmp_path / "file" / "under", ["x86"])
    (tmp_path / "idn.pdmodel").write_bytes(b"garbage")
    (tmp_path / "idn.pdiparams").write_bytes(b"garbage")
    with pytest.raises(UserError, match="opt failed") as error:
        optimise(tmp_path / "idn.pdmodel", "x86", tmp_path / "x.nb")
    assert "\n" not in str(error.value)


def test_compare_refuses_a_network_that_copies(batch):
    copies = [batch, np.zeros((len(batch), 1, 224, 224), np.float32)]
    with pytest.raises(UserError, match="returns its input"):
        compare("x", copies, batch, lambda x: [x, x[:, :1] * 0])


def test_not_a_number_is_a_difference(expected, batch):
    with pytest.raises(UserError, match="differs"):
        compare("x", expected, batch, lambda x: [x * np.nan, x[:, :1]])
