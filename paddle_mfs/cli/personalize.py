"""Make a source look more like itself: train the network of that one person for some minutes.

    python tools/personalize.py --source samples/source.jpg                     # -> output/source.identity
    python tools/personalize.py --source a1.jpg a2.jpg a3.jpg --minutes 10      # several photos of the same person
    python tools/swap.py --source output/source.identity --target clip.mp4      # it is used like a picture
    python tools/export_lite.py --source output/source.identity

The gain is measured on faces it was not trained on, and shown in a picture beside it (target | before | after). When
the identity does not come nearer, or the picture would lose too much, nothing is written and the exit status is 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddle_mfs.cli._arguments import add_weights_arguments
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.numbers import check_number
from paddle_mfs.utils.resources import resource

FACES = resource("samples/faces")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, nargs="+", help="photos of one person")
    parser.add_argument("--minutes", type=float, default=5.0, help="of training (default: 5)")
    parser.add_argument(
        "--faces",
        default=FACES,
        help="other people to train and measure on: a folder of pictures or a faces file (default: samples/faces)",
    )
    parser.add_argument("--output", help="file to write, .identity (default: output/SOURCE.identity)")
    add_weights_arguments(parser)
    return parser.parse_args()


def main() -> int:
    args = arguments()
    from paddle_mfs.swap.identity import SUFFIX, is_identity_file

    output = Path(args.output or Path("output") / f"{Path(args.source[0]).stem}{SUFFIX}")
    if output.suffix != SUFFIX:
        raise UserError(f"{output}: give a name that ends in {SUFFIX}")
    check_number("--minutes", args.minutes, 0, above=True)
    if any(map(is_identity_file, args.source)):
        raise UserError(f"{args.source[0]}: is refined already; give the photos it was made from")
    from tqdm import tqdm

    from paddle_mfs.engine.personalize import personalize

    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}", disable=None) as bar:

        def progress(share: float, record: dict[str, float]) -> None:
            bar.update(100 * share - bar.n)
            bar.set_postfix({name: f"{record[name]:.3f}" for name in ("rec", "id")}, refresh=False)

        refined = personalize(args.source, output, args.faces, args.minutes, args.weights, args.encoder, progress)
    print(refined)
    print(output if refined.is_better else f"{output}: not written, the identity is better as it was")
    return 0 if refined.is_better else 1
