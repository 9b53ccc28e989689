"""What `make demo` runs: one swap of the bundled pictures, and one .nb exported and run. Prints both paths.

python tools/demo.py
"""

import argparse
import dataclasses
from pathlib import Path

from paddle_mfs.utils.resources import resource

SAMPLES = resource("samples")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=SAMPLES / "source.jpg", help="whose face (default: samples/source.jpg)")
    parser.add_argument("--target", default=SAMPLES / "target.jpg", help="on whom (default: samples/target.jpg)")
    parser.add_argument("--output", default="output", help="folder to write (default: output)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    from paddle_mfs.export.check import compare, crops_to_batch, reference
    from paddle_mfs.export.lite import export_lite
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper

    folder = Path(args.output)
    picture, nb = folder / "demo.png", folder / "demo_x86.nb"
    swapper = FaceSwapper(args.source)
    swapper.swap_file(args.target, picture, compare=read_image(args.source), captions=("source", "target", "result"))
    print(f"{picture}: source | target | result")
    batch = crops_to_batch([swapper.identity.crop])
    expected = reference(swapper.identity.idn, batch)
    identity = dataclasses.replace(swapper.identity, name="demo")
    [(nb, card)] = export_lite(identity, folder, ["x86"], check=lambda run: compare(nb, expected, batch, run))
    print(
        f"{nb}: exported and run by Paddle-Lite, largest difference from dygraph {card['difference_from_dygraph']:.1e}"
    )
