"""Export one Paddle-Lite .nb per target with one identity baked in; the x86 one is run and compared with dygraph.

python tools/export_lite.py --source samples/source.jpg --target arm,gpu,x86
python tools/export_lite.py --source samples/source.jpg --target arm --precision fp16
python tools/export_lite.py --source samples/source.jpg --target arm,npu --precision int8
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mfs.cli._arguments import add_occlusion_argument, add_weights_arguments
from paddle_mfs.utils.resources import resource

if TYPE_CHECKING:
    from paddle_mfs.export.int8 import Quantiser

FACES = resource("samples/faces")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True, help="picture of the identity")
    parser.add_argument(
        "--target",
        default="arm,gpu,x86",
        help="comma-separated, of arm, gpu (opencl), npu, nnapi, x86; or all (default: arm,gpu,x86)",
    )
    parser.add_argument("--precision", default="fp32", help="fp32 (default), fp16 (arm) or int8 (arm, npu)")
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
    add_occlusion_argument(parser)
    add_weights_arguments(parser)
    return parser.parse_args()


def quantiser(args: argparse.Namespace) -> Quantiser:
    """What quantises for the targets of the command line."""
    from paddle_mfs.export.int8 import Quantiser, split_crops
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.metrics.crop import load_crop

    faces, measured = split_crops(args.calibration)
    source = load_crop(args.source, FaceAnalyser())
    return Quantiser(source.face, faces, measured, args.calibration, args.check)


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


def main() -> None:
    args = arguments()
    from paddle_mfs.export.check import compare, crops_to_batch, reference
    from paddle_mfs.export.lite import export_lite, nb_name
    from paddle_mfs.export.ranges import half_precision, largest_value, warn_of_overflow
    from paddle_mfs.graph.targets import parse_targets
    from paddle_mfs.swap.baker import bake

    parse_targets(args.target, args.precision)  # a mistake in them is told before any work
    identity = bake(args.source, args.weights, args.encoder)
    targets = parse_targets(args.target, args.precision, identity.idn.mobile)
    quantise = quantiser(args) if args.precision == "int8" else None
    folder = Path(args.output or Path("output") / f"{identity.name}_lite")
    batch = crops_to_batch([identity.crop])
    expected = reference(identity.idn, batch)
    ranges = {
        "largest_value": largest_value(identity.idn, batch),
        "half_precision": half_precision(identity.idn, batch, expected),
    }
    warn_of_overflow(args.source, ranges["largest_value"])

    def check(run):
        return compare(folder / nb_name(identity.name, "x86"), expected, batch, run)

    made = export_lite(identity, folder, targets, args.precision, check if args.check else None, ranges, quantise)
    for path, card in made:
        census = card["census"]
        pieces = f", {census['subgraphs']} subgraph(s)" if census["subgraphs"] else ""
        print(
            f"{path}: {card['bytes'] / 1e6:.2f} MB, {census['total']} kernels{pieces}, {census['copies']} copies, "
            f"{describe(card)}"
        )
        if args.explain:
            print(explanation(path, card))
    if args.occlusion:
        from paddle_mfs.export.occlusion import export_occlusion

        for path, card in export_occlusion(folder, identity.crop, targets, args.precision):
            difference = card["difference_from_dygraph"]
            seen = "not run here" if difference is None else f"run: largest difference from dygraph {difference:.1e}"
            print(f"{path}: {card['bytes'] / 1e6:.2f} MB, {card['census']['total']} kernels, {seen}")
