"""Put the face of one picture on other pictures and clips, or give each person in them the face meant for them.

    python tools/swap.py --source samples/source.jpg --target samples/target.jpg
    python tools/swap.py --source samples/source.jpg --target samples/faces --strength 0.7 --skip-existing
    python tools/swap.py --source a.jpg b.jpg --target "holiday/**/*.jpg" --face all --keep-mouth
    python tools/swap.py --map anna.jpg=a.jpg --map ben.jpg=b.jpg --target party.mp4
"""
import argparse

from paddle_mfs.errors import UserError, run_tool
from paddle_mfs.runtime import ENGINES


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Every output carries its provenance: synthetic, from what, by what weights.")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--source", nargs="+", help="picture of the face to put on; of several, each makes outputs of its own")
    who.add_argument("--map", action="append", metavar="TARGET_FACE=SOURCE",
                     help="the person whom TARGET_FACE shows gets the face of SOURCE, others stay as they are; repeatable")
    parser.add_argument("--target", required=True, nargs="+",
                        help="pictures, clips, folders of them, or patterns (quoted; ** goes into subfolders)")
    parser.add_argument("--output", help="picture (.png, .jpg, .webp), clip (.mp4, .mov, .mkv, .webm), or a folder (default: "
                                         "output/TARGET_SOURCE.png, of a folder output/FOLDER_SOURCE/; a clip keeps its suffix)")
    parser.add_argument("--face", help="largest, all, or an index from the left, 0 being the leftmost "
                                       "(default: largest; with --map all)")
    parser.add_argument("--strength", type=float, default=1.0, help="of the identity, 0 (the target's own) to 1 (default)")
    parser.add_argument("--colour-match", type=float, nargs="?", const=1.0, default=0.0, metavar="AMOUNT",
                        help="give the face the target's colour, 0 (default) to 1 (without a number)")
    parser.add_argument("--keep-mouth", action="store_true", help="keep the inside of the target's open mouth")
    parser.add_argument("--keep-objects", action="store_true",
                        help="keep what lies on the face: cups, microphones, masks; not hands or strands of hair")
    parser.add_argument("--compare", action="store_true", help="write source | target | result side by side")
    parser.add_argument("--skip-existing", action="store_true", help="keep outputs that are there (default: make them anew)")
    parser.add_argument("--weights", help="MobileFaceSwap weights, ours or the public ones (default: the bundled ones)")
    parser.add_argument("--encoder", help="weights of the identity encoder that belong to --weights (default: the bundled ones)")
    parser.add_argument("--engine", default="auto", choices=ENGINES,
                        help="what runs the networks (default: auto, which is openvino where it is installed, else paddle)")
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
    from paddle_mfs.batch import plan, swap_all, table
    from paddle_mfs.people import check_choice, parse_map
    from paddle_mfs.swapper import FaceSwapper, SwapOptions
    options = SwapOptions(args.strength, args.colour_match, args.keep_mouth, args.keep_objects)
    if args.face is not None:
        check_choice(args.face)
    mapped = parse_map(args.map or [])
    if mapped and args.compare:
        raise UserError("--compare shows one source beside its results; with --map leave it out")
    jobs = plan(args.source or [], args.target, args.output, [*mapped, *mapped.values()])
    swapper = FaceSwapper(mapped or args.source[0], args.weights, args.encoder, args.engine, options)
    clip_options = {key: getattr(args, key) for key in ("start", "end", "max_frames", "codec", "quality")}
    swap_all(swapper, jobs, args.face, args.compare, args.skip_existing, clip_options=clip_options)
    print(jobs[0].output if len(jobs) == 1 else table(jobs))
    return 1 if any(job.status == "failed" for job in jobs) else 0


if __name__ == "__main__":
    run_tool(main)
