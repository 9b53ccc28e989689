"""A bundle, and what a phone does with it: sources injected by its networks and patched into its template."""

import dataclasses
import hashlib
import json
import zipfile

import numpy as np
import paddle
import pytest

from paddle_mfs.export import networks
from paddle_mfs.export.bundle import export_bundle
from paddle_mfs.export.check import reference
from paddle_mfs.export.injection import PhoneEncoder, PhoneIIN
from paddle_mfs.export.layout import is_predicted, layout
from paddle_mfs.export.lite import export_lite
from paddle_mfs.export.operators import is_extra
from paddle_mfs.export.paddle import save_program
from paddle_mfs.export.patch import Segment, patched
from paddle_mfs.export.template import make_template, on_x86, run_graph, runnable
from paddle_mfs.face.align import align
from paddle_mfs.face.image import read_image
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.models.embedder import load_encoder
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import Identity
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import bundled
from tests.conftest import difference

SOURCES = ("source.jpg", "faces/800505.jpg", "faces/800510.jpg", "heldout/800000.jpg", "heldout/800003.jpg")
ALL = ["deploy.json", "blazeface.nb", "facemesh.nb", "encoder.nb", "iin.nb", "idn.nb", "identities/source.nb"]
TEXTS = ["LICENSE", "NOTICE"]


@pytest.fixture(scope="module")
def made(run_script, samples, tmp_path_factory):
    """A bundle as the tool makes it: (its path, what was printed, {member: bytes}, deploy.json)."""
    path = tmp_path_factory.mktemp("bundle") / "phone.zip"
    done = run_script("export_lite", "--bundle", path, "--target", "x86", "--source", samples / "source.jpg")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return path, done.stdout, members, json.loads(members["deploy.json"])


@pytest.fixture(scope="module")
def baker():
    return Baker()


@pytest.fixture(scope="module")
def sources(baker, samples):
    """[(identity, its crop as the encoder takes it)]."""
    found, net = [], load_mfs()
    for name in SOURCES:
        image, path = read_image(samples / name), samples / name
        face = baker.analyser.largest(image, name)
        embedding, feature = baker.embed(image, face)
        idn = net.bake(paddle.to_tensor(embedding), paddle.to_tensor(feature))
        facts = {"source_sha256": sha256(path), **baker.facts}
        identity = Identity(idn, align(image, face.five, 224)[0], facts, path.stem, embedding, feature)
        found.append((identity, to_batch(align(image, face.five, baker.encoder_size)[0])))
    return found


@pytest.fixture(scope="module")
def crop(sources):
    return to_batch(sources[1][0].crop)


def test_what_is_in_it(made):
    path, printed, members, deploy = made
    assert list(members) == ALL + TEXTS and path.stat().st_size < 25e6
    assert not list(path.parent.glob("*part*"))
    for name, facts in deploy["files"].items():
        assert facts["bytes"] == len(members[name]) and facts["license"]
        assert facts["sha256"] == hashlib.sha256(members[name]).hexdigest()
    assert set(deploy["files"]) == set(members) - {"deploy.json"}
    assert (deploy["format"], deploy["target"], deploy["precision"], deploy["needs_extra"]) == (1, "x86", "fp32", False)
    assert "synthetic" in deploy["synthetic"] and deploy["provenance"]["synthetic"] is True
    assert deploy["provenance"]["weights"]["sha256"] and "created" not in deploy["provenance"]
    [identity] = deploy["identities"]
    assert identity["file"] == "identities/source.nb" and len(identity["source_sha256"]) == 64
    assert printed.count("run by Paddle-Lite x86: differs from dygraph") == 5 and f"{path}: 2" in printed
    with zipfile.ZipFile(path) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
        assert all(info.flag_bits & 0b1001 == 0 for info in archive.infolist()), "no data descriptors, not encrypted"
    assert {name: kind == zipfile.ZIP_DEFLATED for name, kind in kinds.items()} == {
        name: name.endswith(".nb") for name in members
    }


def test_its_networks_take_and_give_what_deploy_json_says(made):
    _, _, members, deploy = made
    assert list(deploy["networks"]) == ["blazeface", "facemesh", "encoder", "iin", "idn"]
    for name, facts in deploy["networks"].items():
        run, rng = LiteRunner(members[facts["file"]]), np.random.RandomState(0)
        outputs = run(*(rng.rand(*value["shape"]).astype(np.float32) for value in facts["inputs"]))
        assert [list(output.shape) for output in outputs] == [value["shape"] for value in facts["outputs"]], name
    assert deploy["networks"]["iin"]["outputs"][0]["shape"] == [1, deploy["patch"]["count"]]


def test_patched_files_are_those_of_export_lite(made, sources, tmp_path):
    _, _, members, deploy = made
    segments = [Segment(*segment) for segment in deploy["patch"]["segments"]]
    nodes = read_idn(sources[0][0].idn)
    parts = layout(nodes, TARGETS["x86"].passes["fp32"])
    for identity, _ in sources:
        [(path, _)] = export_lite(identity, tmp_path, ["x86"])
        known = {node.output: node.settings["weight"] for node in read_idn(identity.idn) if is_predicted(node)}
        weights = np.concatenate([part.weight(known[part.layer]).ravel() for part in parts])
        assert patched(members["idn.nb"], segments, weights) == path.read_bytes(), identity.name
        if identity.name == "source":
            assert members["identities/source.nb"] == path.read_bytes()


def test_a_source_injected_by_its_networks(made, sources, crop):
    _, _, members, deploy = made
    segments = [Segment(*segment) for segment in deploy["patch"]["segments"]]
    encoder, iin = LiteRunner(members["encoder.nb"]), LiteRunner(members["iin.nb"])
    results = []
    for identity, seen in sources:
        embedding, feature = encoder(seen)
        assert np.abs(embedding - identity.embedding).max() < 1e-4
        [weights] = iin(embedding, feature)
        result = LiteRunner(patched(members["idn.nb"], segments, weights[0]))(crop)[0]
        away = result - identity.run(crop)[0]
        assert np.abs(away).max() < 0.02 and 10 * np.log10(1 / np.mean(away**2)) > 65
        results.append(result)
    assert min(np.abs(a - b).max() for a, b in zip(results, results[1:])) > 0.1, "sources differ far more than that"


def test_phone_networks_are_exact_in_dygraph(sources):
    identity, seen = sources[2]
    net, nodes = load_mfs(), read_idn(identity.idn)
    embedding, feature = PhoneEncoder(load_encoder())(paddle.to_tensor(seen))
    assert np.abs(embedding.numpy() - identity.embedding).max() < 1e-6
    assert np.abs(feature.numpy() - identity.feature).max() < 1e-4
    parts = layout(nodes, TARGETS["arm"].passes["fp32"])
    phone = PhoneIIN(net, parts)
    phone.eval()
    with paddle.no_grad():
        weights = phone(paddle.to_tensor(identity.embedding), paddle.to_tensor(identity.feature)).numpy()[0]
    known = {node.output: node.settings["weight"] for node in nodes if is_predicted(node)}
    expected = np.concatenate([part.weight(known[part.layer]).ravel() for part in parts])
    assert np.abs(weights - expected).max() < 1e-5


def test_without_injection_it_is_small(made, baker, samples, tmp_path, monkeypatch):
    monkeypatch.setattr("paddle_mfs.export.bundle.Baker", lambda *weights: baker)  # the same, loaded already
    told: list[str] = []
    path = tmp_path / "small.zip"
    deploy = export_bundle(path, samples / "source.jpg", "x86", injection=False, report=told.append)
    assert path.stat().st_size < 6e6 and list(deploy["networks"]) == ["blazeface", "facemesh", "idn"]
    assert deploy["patch"] is None and "without injection" in deploy["patch_refused"] and len(told) == 4
    assert [(one["name"], one["file"]) for one in deploy["identities"]] == [("source", "idn.nb")]
    others = made[2]
    with zipfile.ZipFile(path) as archive:  # made by another process, the same networks have the same bytes
        for name, there in (("idn.nb", "identities/source.nb"), ("blazeface.nb",) * 2, ("facemesh.nb",) * 2):
            assert archive.read(name) == others[there], name


def test_it_says_which_library_it_needs(made, baker, samples, tmp_path, monkeypatch):
    """One network with an operator that the smaller library lacks, and the whole bundle needs the larger one."""
    _, _, _, deploy = made
    for name, facts in deploy["networks"].items():  # a phone runs the same operators
        assert not any(is_extra(operator, "arm") for operator in facts["census"]["kernels"]), name
    plain = networks.facemesh

    class Extra(paddle.nn.Layer):
        def __init__(self, mesh):
            super().__init__()
            self.mesh = mesh

        def forward(self, x):
            landmarks, presence = self.mesh(x)
            return landmarks, paddle.log(paddle.exp(presence))

    def facemesh(image, five):
        network = plain(image, five)
        return dataclasses.replace(network, layer=Extra(network.layer))

    monkeypatch.setattr("paddle_mfs.export.bundle.Baker", lambda *weights: baker)
    monkeypatch.setattr(networks, "facemesh", facemesh)
    told: list[str] = []
    deploy = export_bundle(tmp_path / "a.zip", samples / "source.jpg", "arm", injection=False, report=told.append)
    needs = {name: facts["census"]["needs_extra"] for name, facts in deploy["networks"].items()}
    assert deploy["needs_extra"] is True and needs == {"blazeface": False, "facemesh": True, "idn": False}
    [line] = [line for line in told if "extra" in line]
    assert line.startswith("facemesh.nb: ") and "needs a Paddle-Lite with extra operators (exp, log)" in line


@pytest.fixture(scope="module")
def mobile_idn(sources):
    identity, _ = sources[0]
    net = load_mfs(bundled("mfs_224_mobile"))
    return net.bake(paddle.to_tensor(identity.embedding), paddle.to_tensor(identity.feature))


@pytest.mark.parametrize("target, precision", [("arm", "fp16"), ("gpu", "fp32")])
def test_templates_of_the_mobile_variant(mobile_idn, crop, tmp_path, target, precision):
    template = make_template(mobile_idn, tmp_path, target, precision)
    weights = template.weights_of(mobile_idn)
    expected = reference(mobile_idn, crop)
    run = runnable(mobile_idn, tmp_path, template, target, precision)
    assert difference(run(weights)(crop), expected) < 1e-5
    assert difference(run(weights * np.float32(1.01))(crop), expected) > 1e-4
    graph = rewrite(read_idn(mobile_idn), TARGETS[target].passes[precision])
    assert difference(run_graph(graph, tmp_path)(crop), expected) < 1e-5 and on_x86(graph) == (target == "arm")
    save_program(mobile_idn, tmp_path, TARGETS[target].passes[precision])
    optimise(tmp_path / "idn.pdmodel", TARGETS[target].places, tmp_path / "whole.nb", precision)
    assert template.filled(weights) == (tmp_path / "whole.nb").read_bytes()


def test_a_network_that_differs_is_not_kept(target, tmp_path):
    wrong = dataclasses.replace(networks.blazeface(target), tolerance=1e-9)
    with pytest.raises(UserError, match="blazeface.nb: differs from dygraph by .*, more than 1e-09"):
        networks.build(wrong, tmp_path, "arm")


@pytest.mark.parametrize(
    "words, told",
    [
        (("a.txt",), "a.txt: a bundle is a zip"),
        (("a.zip", "--target", "arm,gpu"), "a bundle is for one target"),
        (("a.zip", "--precision", "int8"), "no source can be chosen on the phone, its weights are stored in 8 bits"),
        (("a.zip", "--no-injection"), "needs its face: --source"),
        (("a.zip", "--target", "x86", "--precision", "fp16"), "no fp16 kernels for x86"),
        (("a.zip", "--target", "npu", "--upsampling", "half-pixel"), "target npu with the mobile variant"),
        (("a.zip", "--output", "folder"), "--output does not go with --bundle"),
        (("/proc/nowhere/a.zip",), "/proc/nowhere/a.zip: cannot be written"),
        (("a.zip", "--source", "nobody.jpg"), "nobody.jpg"),
    ],
)
def test_what_is_refused(run_here, tmp_path, words, told):
    name = words[0] if words[0].startswith("/") else tmp_path / words[0]
    done = run_here("export_lite", "--bundle", name, *words[1:])
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not list(tmp_path.iterdir())
