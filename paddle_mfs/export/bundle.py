"""All that a phone needs to swap faces, in one file: five networks, what to know about them, identities.

A zip of deploy.json (docs/export.md has its format), blazeface.nb, facemesh.nb, encoder.nb, iin.nb, idn.nb, LICENSE and
NOTICE. idn.nb is a template: encoder and IIN make a source's weights, which are written over its own (patch.py), so
that a source is chosen on the phone. Without injection, encoder and IIN are missing and idn.nb is one identity's.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mfs.export import networks
from paddle_mfs.export.census import census, needed_library
from paddle_mfs.export.check import compare, crops_to_batch, reference
from paddle_mfs.export.deploy_json import constants
from paddle_mfs.export.lite import export_lite, opt_version
from paddle_mfs.export.patch import REFUSED
from paddle_mfs.export.quantise import error
from paddle_mfs.export.template import Template, make_template, on_x86, run_graph, runnable
from paddle_mfs.face.align import align
from paddle_mfs.graph.nodes import INPUT, OUTPUTS, SHAPE, read_idn
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import ALIGNED, HALF_PIXEL, TARGETS, mobile_targets, parse_targets
from paddle_mfs.metrics.background import psnr
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.provenance import GENERATED, provenance
from paddle_mfs.runtime import choose
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import Identity, is_identity_file, load_identity, read_source
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.resources import resource
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled, read_card

if TYPE_CHECKING:
    from paddle_mfs.models.idn import IDN

    Quantise = Callable[[IDN, str, str], dict]

FORMAT = 1
SYNTHETIC = "What this bundle makes is synthetic: mark it so, visibly and in its metadata."
EXAMPLE = "samples/source.jpg"  # the face that the networks are tried on when no source is given
FLOOR = 45.0  # dB: the result of weights that encoder.nb and iin.nb make, against that of dygraph's
DATE = (1980, 1, 1, 0, 0, 0)  # of every member: the same bundle has the same bytes
LEVEL = 6  # of deflate: 9 takes twice as long for half a percent
OWN_LICENCE = "Apache-2.0"  # of the files that hold no weights


def export_bundle(
    output: str | Path,
    source: str | Path | None = None,
    target: str = "arm",
    precision: str = "fp32",
    weights: str | Path | None = None,
    encoder: str | Path | None = None,
    injection: bool = True,
    report: Callable[[str], None] = print,
    upsampling: str | None = None,
    quantise: Quantise | None = None,
) -> dict[str, Any]:
    """Write a bundle, whole or not at all. Every network is built for x86, run and compared with dygraph first.

    Args:
        output: path of the zip.
        source: picture (or identity file) of a face whose finished IDN goes in, too; None: none does.
        target, precision: of the IDN, one of `graph.targets`. On a phone the other networks run on the CPU, in fp32.
        weights, encoder: paths of weights; None: the bundled ones.
        injection: with encoder and IIN: sources are chosen on the phone. False: the source's face alone.
        report: called with a line of text for each step.
        upsampling: "half-pixel" or "aligned": which of the bundled networks; None: see `targets.mobile_targets`.
        quantise: for int8, see `lite.export_lite`.
    Returns: what deploy.json holds.
    Raises: UserError for what cannot be made, with the reason, and for a network that differs from dygraph.

    More than seven parameters: the options of the tool, which nothing else passes on together.
    """
    output = Path(output)
    target = _checked(output, source, target, precision, injection, upsampling)
    weights = weights or _choose_weights(source, target, upsampling)
    with (
        atomic_path(output) as temporary,
        tempfile.TemporaryDirectory(prefix="paddle_mfs_bundle_") as folder,
    ):
        making = _Making(Path(folder), target, precision, report)
        baker = Baker(weights, encoder)
        identity = baker.identity(source if source is not None else resource(EXAMPLE))
        parse_targets(target, precision, identity.idn.mobile)
        making.add_face_networks(source if source is not None else resource(EXAMPLE), baker)
        if injection:
            making.add_injection(weights, encoder)
        if source is not None:
            making.add_identity(identity, quantise)
        deploy = making.deploy(identity, source is not None)
        _write(temporary, deploy, making.files)
    report(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
    return deploy


def _checked(output, source, target, precision, injection, upsampling):
    """The target, when what is asked for makes sense."""
    choose("lite")
    if output.suffix.lower() != ".zip":
        raise UserError(f"{output}: a bundle is a zip; let its name end in .zip")
    targets = parse_targets(target, precision, upsampling == HALF_PIXEL)
    if len(targets) != 1:
        raise UserError(f"target {target}: a bundle is for one target; make one for each")
    if injection and precision in REFUSED:
        raise UserError(
            f"precision {precision}: no source can be chosen on the phone, {REFUSED[precision]}; use fp32 or fp16, or "
            "leave the injection out (--no-injection --source PICTURE)"
        )
    if not injection and source is None:
        raise UserError("a bundle without injection needs its face: --source PICTURE")
    return targets[0]


def _choose_weights(source, target, upsampling):
    """Path of the bundled weights that are asked for; None: the plain ones."""
    if source is not None and is_identity_file(source):
        is_mobile = load_identity(source).idn.mobile
    else:
        is_mobile = bool(mobile_targets([target], upsampling))
    return bundled("mfs_224_mobile") if is_mobile else None


class _Making:
    """A bundle on its way: `files` {name of a member: (its bytes, its licence)} and the parts of deploy.json."""

    def __init__(self, folder: Path, target: str, precision: str, report: Callable[[str], None]):
        self.folder, self.target, self.precision, self.report = folder, target, precision, report
        self.files: dict[str, tuple[bytes, str]] = {}
        self.networks: dict[str, Any] = {}
        self.identities: list[dict[str, Any]] = []
        self.template: Template | None = None
        self.measured: dict[str, float] = {}
        self.needs_extra = False  # any file of it

    def add_face_networks(self, seen: str | Path, baker: Baker) -> None:
        """Detector and mesh. All networks are tried on the largest face of the picture `seen`."""
        self.image, self.baker = read_source(seen), baker
        self.face = baker.analyser.largest(self.image, str(seen))
        self._add(networks.blazeface(self.image), read_card(bundled("blazeface"))["licence"])
        self._add(networks.facemesh(self.image, self.face.five), read_card(bundled("facemesh"))["licence"])

    def add_injection(self, weights: str | Path | None, encoder: str | Path | None) -> None:
        """Encoder, IIN and the template that they fill; tried one by one, then all the way."""
        import paddle

        embedding, feature = self.baker.embed(self.image, self.face)
        idn = load_mfs(weights).bake(paddle.to_tensor(embedding), paddle.to_tensor(feature))
        batch, expected = self._tried(idn)
        template = make_template(idn, self.folder, self.target, self.precision)
        run = runnable(idn, self.folder, template, self.target, self.precision)
        difference = compare("idn.nb", expected, batch, run(template.weights_of(idn)))
        facts = self.baker.facts
        look = networks.encoder(encoder, self.image, self.face.five)
        built_encoder = self._add(look, facts["encoder"]["licence"])
        built_iin = self._add(networks.iin(weights, template.parts, embedding, feature), facts["weights"]["licence"])
        self._add_idn(template.model, facts["weights"]["licence"], self._compared(template.nodes, difference))
        self.template = template
        made = built_iin.run(*built_encoder.run(*look.inputs.values()))[0]
        injected = run(made.ravel())
        results = np.concatenate([injected(x[None])[0] for x in batch])
        self.measured = {
            "injection_psnr_db": round(psnr(float(error(results, expected[0]).mean())), 2),
            "injection_largest_difference": float(f"{np.abs(results - expected[0]).max():.2e}"),
        }
        if not self.measured["injection_psnr_db"] >= FLOOR:
            raise UserError(
                f"a source injected by encoder.nb and iin.nb gives {self.measured['injection_psnr_db']:.1f} dB against "
                f"dygraph, less than {FLOOR:.0f}; these weights cannot be kept in {networks.IIN_WEIGHTS}"
            )
        self.report(f"a source injected by them: {self.measured['injection_psnr_db']:.1f} dB against dygraph")

    def add_identity(self, identity: Identity, quantise: Quantise | None) -> None:
        """The finished IDN of an identity; the bundle's own network when it has no template."""
        facts, licence = {}, identity.facts["weights"]["licence"]
        if self.template and not identity.is_refined:
            model = self.template.filled(self.template.weights_of(identity.idn))
        else:
            model, facts = self._exported(identity, quantise)
        name = identity.name.encode("utf-8", "replace").decode()  # a file's name may be none
        file = f"identities/{name}.nb" if self.template else "idn.nb"
        if self.template:
            self.files[file] = model, licence
            path = self.folder / "identity.nb"
            path.write_bytes(model)
            self.needs_extra |= census(path)["needs_extra"]
        else:
            self._add_idn(model, licence, facts)
        self.identities.append({"name": name, "file": file, "source_sha256": identity.facts["source_sha256"]})

    def _exported(self, identity, quantise):
        """A .nb as `export_lite` makes it, and what is known of it."""
        if self.precision == "int8" and quantise is None:
            raise ValueError("int8 needs what quantises it")
        single = self.folder / "single"
        [(path, card)] = export_lite(identity, single, [self.target], self.precision, quantise=quantise)
        if self.precision == "int8":
            return path.read_bytes(), {"int8": card["int8"]}
        batch, expected = self._tried(identity.idn)
        nodes = rewrite(read_idn(identity.idn), TARGETS[self.target].passes[self.precision])
        difference = compare(path.name, expected, batch, run_graph(nodes, single))
        return path.read_bytes(), self._compared(nodes, difference)

    @staticmethod
    def _compared(nodes, difference):
        return {
            "run_by": "Paddle-Lite x86" if on_x86(nodes) else "Paddle",
            "difference_from_dygraph": float(f"{difference:.2e}"),
        }

    def _tried(self, idn):
        """What an IDN is tried on, and what dygraph makes of it."""
        batch = crops_to_batch([align(self.image, self.face.five, SHAPE[-1])[0]])
        return batch, reference(idn, batch)

    def _add(self, network, licence):
        built = networks.build(network, self.folder, "x86" if self.target == "x86" else "arm")
        self._take(network.name, built.model, licence, built.entry)
        return built

    def _add_idn(self, model, licence, facts):
        path = self.folder / "idn.nb"
        path.write_bytes(model)
        entry = {
            "file": path.name,
            "inputs": [{"name": INPUT, "shape": list(SHAPE), "mean": 0.0, "std": 1.0}],
            "outputs": [{"name": name, "shape": list(shape)} for name, shape, _ in OUTPUTS],
            "valid_places": TARGETS[self.target].places,
            "weights": "float32" if self.precision != "int8" else "int8",
            **facts,
            "census": census(path),
        }
        self._take("idn", model, licence, entry)

    def _take(self, name, model, licence, entry):
        self.files[entry["file"]], self.networks[name] = (model, licence), entry
        self.needs_extra |= entry["census"]["needs_extra"]
        difference = entry.get("difference_from_dygraph")
        run = "simulated here"
        if difference is not None:
            run = f"run by {entry['run_by']}: differs from dygraph by {difference:.1e}"
        kernels = f"{entry['census']['total']} kernels{needed_library(entry['census'])}"
        self.report(f"{entry['file']}: {len(model) / 1e6:.2f} MB, {kernels}, {run}")

    def deploy(self, identity: Identity, is_source: bool) -> dict[str, Any]:
        """What deploy.json holds; LICENSE and NOTICE join the members."""
        for name in ("LICENSE", "NOTICE"):
            self.files[name] = resource(name).read_bytes(), OWN_LICENCE
        order = ("blazeface", "facemesh", "encoder", "iin", "idn")
        facts = dict(identity.facts) if is_source else self.baker.facts
        record = provenance(digital_source_type=GENERATED, **facts)
        record.pop("created")  # the same bundle has the same bytes
        template = self.template
        return {
            "format": FORMAT,
            "made_by": f"paddle_mfs {__version__}",
            "paddlelite": opt_version(),
            "target": self.target,
            "precision": self.precision,
            "needs_extra": self.needs_extra,
            "upsampling": HALF_PIXEL if identity.idn.mobile else ALIGNED,
            "synthetic": SYNTHETIC,
            "provenance": record,
            "files": {
                name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "license": licence}
                for name, (data, licence) in self.files.items()
            },
            "networks": {name: self.networks[name] for name in order if name in self.networks},
            **constants(self.baker.encoder_size),
            "identities": self.identities,
            "patch": template and {"file": "idn.nb", "count": template.count, "segments": template.segments},
            **({} if template else {"patch_refused": REFUSED.get(self.precision, "it was made without injection")}),
            "measured": self.measured,
        }


def _write(path, deploy, files):
    """The zip: deploy.json first, then the members in the order in which they were made, networks deflated."""
    with zipfile.ZipFile(path, "w") as archive:
        text = json.dumps(deploy, indent=1, ensure_ascii=False) + "\n"
        for name, data in (("deploy.json", text.encode()), *((name, data) for name, (data, _) in files.items())):
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".nb") else zipfile.ZIP_STORED
            archive.writestr(info, data, compresslevel=LEVEL)
