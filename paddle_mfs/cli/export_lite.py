"""Export one Paddle-Lite .nb per target with one identity baked in; the x86 one is run and compared with dygraph.

python tools/export_lite.py --source samples/source.jpg --target arm,gpu,x86
python tools/export_lite.py --source samples/source.jpg --target arm --precision fp16
python tools/export_lite.py --source samples/source.jpg --target arm,npu --precision int8
python tools/export_lite.py --bundle phone.zip --target arm      # all that a phone needs; sources are chosen there

Without --weights, arm and gpu get the mobile variant (weights/mfs_224_mobile.pdparams), the others the public network.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mfs.cli._arguments import add_occlusion_argument, add_weights_arguments
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import resource

if TYPE_CHECKING:
    from paddle_mfs.export.int8 import Quantiser
    from paddle_mfs.swap.identity import Identity

FACES = resource("samples/faces")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", help="picture of the identity (with --bundle not needed: it goes in, too)")
    parser.add_argument(
        "--target",
        help="comma-separated, of arm, gpu (opencl), npu, nnapi, x86; or all (default: arm,gpu,x86)",
    )
    parser.add_argument("--precision", default="fp32", help="fp32 (default), fp16 (arm) or int8 (arm, npu)")
    parser.add_argument(
        "--upsampling",
        choices=("half-pixel", "aligned"),
        help="of the bundled networks: half-pixel, the mobile variant's, or aligned, the public network's (default: "
        "half-pixel for arm and gpu, aligned for the others)",
    )
    parser.add_argument(
        "--calibration",
        default=FACES,
        help="folder of faces, or a faces file, to calibrate int8 and measure it (default: samples/faces)",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="print the kernels of each .nb in the order they run, and what int8 does to each layer",
    )
    parser.add_argument(
        "--check",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run what this machine can run (x86; int8 simulated) on real crops, refuse what differs (default)",
    )
    parser.add_argument("--output", help="folder to write (default: output/SOURCE_lite)")
    parser.add_argument(
        "--bundle",
        metavar="ZIP",
        help="write one file with all that a phone needs, for one target (default: arm): detector, mesh, encoder, IIN, "
        "IDN and what to know about them",
    )
    parser.add_argument(
        "--injection",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="of --bundle: with encoder and IIN, so that a source is chosen on the phone (default); without, the "
        "bundle is small and shows the face of --source alone",
    )
    add_occlusion_argument(parser)
    add_weights_arguments(parser)
    args = parser.parse_args()
    if not (args.source or args.bundle):
        parser.error("the following arguments are required: --source")
    args.target = args.target or ("arm" if args.bundle else "arm,gpu,x86")
    return args


def bundle(args: argparse.Namespace) -> None:
    """Write the bundle that the command line asks for.

    Raises: UserError as `bundle.export_bundle` does, and for options that say nothing of a bundle.
    """
    from paddle_mfs.export.bundle import export_bundle

    for name, value in (("--output", args.output), ("--occlusion", args.occlusion), ("--explain", args.explain)):
        if value:
            raise UserError(f"{name} does not go with --bundle, which writes one file; leave it out")
    if not args.check:
        raise UserError("--no-check does not go with --bundle, whose networks are always run here; leave it out")
    if args.weights and args.upsampling:
        raise UserError(f"{args.weights}: is one network already; --upsampling chooses among the bundled ones")
    quantise = None
    if args.precision == "int8" and args.source and not args.injection:
        quantise = quantiser(args)
    export_bundle(
        args.bundle,
        args.source,
        args.target,
        args.precision,
        args.weights,
        args.encoder,
        args.injection,
        functools.partial(print, flush=True),
        upsampling=args.upsampling,
        quantise=quantise,
    )


def quantiser(args: argparse.Namespace) -> Quantiser:
    """What quantises for the targets of the command line."""
    from paddle_mfs.export.int8 import Quantiser, split_crops
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.metrics.crop import load_crop

    faces, measured = split_crops(args.calibration)
    source = load_crop(args.source, FaceAnalyser())
    return Quantiser(source.face, faces, measured, args.calibration, args.check)


def summary(card: dict) -> str:
    """A file's size, network and kernels, in words."""
    from paddle_mfs.export.census import needed_library

    census = card["census"]
    pieces = f", {census['subgraphs']} subgraph(s)" if census["subgraphs"] else ""
    network = f" {card['upsampling']} upsampling," if "upsampling" in card else ""
    return (
        f"{card['bytes'] / 1e6:.2f} MB,{network} {census['total']} kernels{pieces}, {census['copies']} copies"
        f"{needed_library(census)}"
    )


def describe(card: dict) -> str:
    """What is known of a file's pixels, in words."""
    measured = card.get("int8", {}).get("measured")
    if measured:
        distances, kept = measured["distance_to_source"], card["int8"]["kept_in_float"]
        return (
            f"simulated: {measured['psnr_db']:.1f} dB against fp32, distance to the source {distances['fp32']:.3f} -> "
            f"{distances['int8']:.3f}, {len(kept)} layer(s) left in float"
        )
    if card["precision"] == "fp16" or card["target"] == "gpu":
        half = card["half_precision"]["largest_difference"]
        return (
            f"simulated in fp16: largest difference from dygraph {half['result']:.1e}, of the mask {half['mask']:.1e}"
        )
    difference = card["difference_from_dygraph"]
    return "not run here" if difference is None else f"run: largest difference from dygraph {difference:.1e}"


def explanation(path: Path, card: dict) -> str:
    """What --explain prints of a .nb: what int8 does to each layer, and its kernels in order."""
    from paddle_mfs.export.census import kernel_table
    from paddle_mfs.export.sensitivity import table

    quantised = card.get("int8", {})
    found = quantised.get("sensitivity_db")
    return (table(found, quantised["kept_in_float"]) + "\n" if found else "") + kernel_table(path)


def identities(args: argparse.Namespace) -> list[tuple[Identity, list[str]]]:
    """What the command line asks for: the identity in each network that is needed, and the targets it is for.

    Raises: UserError when --upsampling has nothing to choose among, and as `parse_targets` and `bake` do.
    """
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.graph.targets import HALF_PIXEL, mobile_targets, parse_targets
    from paddle_mfs.swap.baker import bake
    from paddle_mfs.swap.identity import is_identity_file
    from paddle_mfs.weights import bundled

    # a mistake in the targets is told before any work
    targets = parse_targets(args.target, args.precision, args.upsampling == HALF_PIXEL)
    given = args.weights or (is_identity_file(args.source) and args.source)
    if given:
        if args.upsampling:
            raise UserError(
                f"{given}: is one network already; --upsampling chooses among the bundled ones, leave it out"
            )
        identity = bake(args.source, args.weights, args.encoder)
        return [(identity, parse_targets(args.target, args.precision, identity.idn.mobile))]
    mobile, analyser = mobile_targets(targets, args.upsampling), FaceAnalyser()
    shares = (
        (bundled("mfs_224_mobile") if mobile else None, mobile),
        (None, [target for target in targets if target not in mobile]),
    )
    return [(bake(args.source, weights, args.encoder, analyser), share) for weights, share in shares if share]


def export(args: argparse.Namespace, identity: Identity, targets: list[str], folder: Path) -> list[tuple[Path, dict]]:
    """Measure an identity and export it for `targets`, see `lite.export_lite`."""
    from paddle_mfs.export.check import compare, crops_to_batch, reference
    from paddle_mfs.export.lite import export_lite, nb_name
    from paddle_mfs.export.ranges import half_precision, largest_value, warn_of_overflow

    quantise = quantiser(args) if args.precision == "int8" else None
    batch = crops_to_batch([identity.crop])
    expected = reference(identity.idn, batch)
    ranges = {"largest_value": largest_value(identity.idn, batch)}
    if args.precision == "fp16" or "gpu" in targets:
        ranges["half_precision"] = half_precision(identity.idn, batch, expected)
    warn_of_overflow(args.source, ranges["largest_value"])

    def check(run):
        return compare(folder / nb_name(identity.name, "x86"), expected, batch, run)

    return export_lite(identity, folder, targets, args.precision, check if args.check else None, ranges, quantise)


def main() -> None:
    args = arguments()
    if args.bundle:
        return bundle(args)
    from paddle_mfs.graph.targets import TARGETS

    shares = identities(args)
    identity = shares[0][0]
    folder = Path(args.output or Path("output") / f"{identity.name}_lite")
    made = {
        card["target"]: (path, card)
        for identity, targets in shares
        for path, card in export(args, identity, targets, folder)
    }
    targets = [target for target in TARGETS if target in made]
    for path, card in (made[target] for target in targets):
        print(f"{path}: {summary(card)}, {describe(card)}")
        if args.explain:
            print(explanation(path, card))
    if args.occlusion:
        from paddle_mfs.export.occlusion import export_occlusion

        for path, card in export_occlusion(folder, identity.crop, targets, args.precision):
            difference = card["difference_from_dygraph"]
            seen = "not run here" if difference is None else f"run: largest difference from dygraph {difference:.1e}"
            print(f"{path}: {summary(card)}, {seen}")
