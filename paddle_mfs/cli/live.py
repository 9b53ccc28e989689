"""Put the face of one picture on what a camera sees, now: in a window, into a recording, or both.

    python tools/live.py --source samples/source.jpg
    python tools/live.py --source samples/source.jpg --camera 1 --mirror --record output/live.mp4
    python tools/live.py --source samples/source.jpg --camera clip.mp4          # a clip stands in for a camera

In the window s saves the frame as output/live_DATE_TIME.png, q or Esc quits. Ctrl-C quits too; the recording plays.
"""

import argparse
import sys

from paddle_mfs.cli._arguments import add_source_arguments, add_swap_arguments, make_swapper, read_options
from paddle_mfs.utils.errors import UserError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Recordings and saved frames carry their provenance: synthetic, from what, by what.",
    )
    add_source_arguments(parser, help="picture of the face to put on")
    parser.add_argument(
        "--camera", default="0", help="index, device path, or a clip in its place (default: 0, the first camera)"
    )
    parser.add_argument("--loop", action="store_true", help="begin the clip again when it ends")
    parser.add_argument("--record", help="also write what is shown to this clip (.mp4, .mov, .mkv, .webm)")
    parser.add_argument("--mirror", action="store_true", help="swap left and right, as a mirror does")
    parser.add_argument("--no-window", action="store_true", help="show nothing, only --record")
    parser.add_argument("--max-frames", type=int, help="quit after so many frames")
    add_swap_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.no_window and not args.record:
        raise UserError("--no-window shows nothing; say where the frames go: --record output/live.mp4")
    from paddle_mfs.provenance import check_format
    from paddle_mfs.utils.formats import WRITABLE_CLIPS
    from paddle_mfs.utils.interrupt import StopRequest
    from paddle_mfs.video.camera import open_camera
    from paddle_mfs.video.live import LiveOptions, clip_facts, swap_live
    from paddle_mfs.video.window import check_display

    if args.record:
        check_format(args.record, WRITABLE_CLIPS)
    if not args.no_window:
        check_display()
    frames = open_camera(args.camera, args.loop)
    mapped, options = read_options(args)
    swapper = make_swapper(args, mapped or args.source, options)
    with StopRequest() as request:
        live = LiveOptions(args.face, args.record, args.mirror, not args.no_window, args.max_frames)
        summary = swap_live(swapper, frames, clip_facts(args.camera), live, stop=lambda: request.requested)
    print(f"{args.record or 'live'}: {summary}", file=sys.stderr)
