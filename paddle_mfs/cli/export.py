"""Export a Paddle inference model with one identity baked in, and deploy.yml that says how to feed it.

python tools/export.py --source samples/source.jpg
"""

import argparse
from pathlib import Path

from paddle_mfs.cli._arguments import add_occlusion_argument, add_weights_arguments


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True, help="picture of the identity")
    parser.add_argument("--output", help="folder to write (default: output/SOURCE_paddle)")
    add_occlusion_argument(parser)
    add_weights_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    from paddle_mfs.export.check import compare, crops_to_batch, reference
    from paddle_mfs.export.paddle import export_paddle, replaceable
    from paddle_mfs.export.ranges import largest_value, warn_of_overflow
    from paddle_mfs.swap.baker import bake
    from paddle_mfs.utils.files import printable

    folder = Path(args.output or Path("output") / f"{printable(Path(args.source).stem)}_paddle")
    replaceable(folder)
    identity = bake(args.source, args.weights, args.encoder)
    batch = crops_to_batch([identity.crop])
    expected = reference(identity.idn, batch)
    largest = largest_value(identity.idn, batch)
    warn_of_overflow(args.source, largest)
    card = export_paddle(identity, folder, lambda run: compare(folder, expected, batch, run), largest)
    print(f"{folder}: largest difference from dygraph {card['difference_from_dygraph']:.1e}")
    if args.occlusion:
        from paddle_mfs.export.occlusion import export_occlusion

        [(path, card)] = export_occlusion(folder, identity.crop)
        print(f"{path}: largest difference from dygraph {card['difference_from_dygraph']:.1e}")
