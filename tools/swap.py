"""Put the face of one picture on another picture, or on every picture of a folder.

    python tools/swap.py --source samples/source.jpg --target samples/target.jpg
"""
import argparse

from paddle_mfs.errors import run_tool
from paddle_mfs.runtime import ENGINES


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="Every output carries its provenance (synthetic, from what, by what weights) as XMP.")
    parser.add_argument("--source", required=True, help="picture of the face to put on")
    parser.add_argument("--target", required=True, help="picture, or folder of pictures, whose face is replaced")
    parser.add_argument("--output", help="picture (.png, .jpg, .webp), or a folder (default: output/TARGET_SOURCE.png)")
    parser.add_argument("--face", default="largest", help="largest (default), all, or an index, 0 being the largest")
    parser.add_argument("--compare", action="store_true", help="write source | target | result side by side")
    parser.add_argument("--overwrite", action="store_true", help="of a folder, also do the pictures that have an output already")
    parser.add_argument("--weights", help="MobileFaceSwap weights, ours or the public ones (default: the bundled ones)")
    parser.add_argument("--encoder", help="weights of the identity encoder that belong to --weights (default: the bundled ones)")
    parser.add_argument("--engine", default="auto", choices=ENGINES,
                        help="what runs the networks (default: auto, which is openvino where it is installed, else paddle)")
    return parser.parse_args()


def main():
    args = arguments()
    from paddle_mfs.batch import plan, swap_all
    from paddle_mfs.swapper import FaceSwapper
    pairs = plan(args.source, args.target, args.output)
    swapper = FaceSwapper(args.source, args.weights, args.encoder, args.engine)
    written, kept, failures = swap_all(swapper, pairs, args.face, args.source if args.compare else None, args.overwrite)
    if len(pairs) == 1:
        print(pairs[0][1])
    else:
        print(f"{pairs[0][1].parent}: {len(written)} written, {len(kept)} kept from before, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    run_tool(main)
