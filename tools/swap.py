"""Put the face of one picture on another picture, on a clip, or on every picture and clip of a folder.

    python tools/swap.py --source samples/source.jpg --target samples/target.jpg
"""
import argparse

from paddle_mfs.errors import run_tool
from paddle_mfs.runtime import ENGINES


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="Every output carries its provenance: synthetic, from what, by what weights.")
    parser.add_argument("--source", required=True, help="picture of the face to put on")
    parser.add_argument("--target", required=True, help="picture, clip, or folder of them, whose face is replaced")
    parser.add_argument("--output", help="picture (.png, .jpg, .webp), clip (.mp4, .mov, .mkv, .webm), or a folder "
                                         "(default: output/TARGET_SOURCE.png, a clip keeps its suffix)")
    parser.add_argument("--face", default="largest", help="largest (default), all, or an index, 0 being the largest")
    parser.add_argument("--compare", action="store_true", help="write source | target | result side by side")
    parser.add_argument("--overwrite", action="store_true", help="of a folder, also do what has an output already")
    parser.add_argument("--weights", help="MobileFaceSwap weights, ours or the public ones (default: the bundled ones)")
    parser.add_argument("--encoder", help="weights of the identity encoder that belong to --weights (default: the bundled ones)")
    parser.add_argument("--engine", default="auto", metavar="|".join(ENGINES), help="what runs the networks (default: auto)")
    clips = parser.add_argument_group("clips")
    clips.add_argument("--start", type=float, help="begin at this second of the clip")
    clips.add_argument("--end", type=float, help="end at this second")
    clips.add_argument("--max-frames", type=int, help="do at most so many frames")
    clips.add_argument("--codec", choices=("h264", "h265", "vp9", "av1"),
                       help="default: h264, of .webm vp9; deeper than 8 bits h265, of .webm av1")
    clips.add_argument("--quality", type=int, help="CRF, lower is better (default: h264 18, h265 20, vp9 24, av1 26)")
    return parser.parse_args()


def main():
    args = arguments()
    from paddle_mfs.batch import plan, swap_all
    from paddle_mfs.swapper import FaceSwapper
    pairs = plan(args.source, args.target, args.output)
    swapper = FaceSwapper(args.source, args.weights, args.encoder, args.engine)
    clip_options = {key: getattr(args, key) for key in ("start", "end", "max_frames", "codec", "quality")}
    written, kept, failures = swap_all(swapper, pairs, args.face, args.source if args.compare else None, args.overwrite,
                                       clip_options=clip_options)
    if len(pairs) == 1:
        print(pairs[0][1])
    else:
        print(f"{pairs[0][1].parent}: {len(written)} written, {len(kept)} kept from before, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    run_tool(main)
