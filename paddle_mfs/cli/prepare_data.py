"""Prepare faces to train on: found, aligned, sorted out and stored in shards.

    python tools/prepare_data.py photos/ --output data/faces                # a folder, searched recursively
    python tools/prepare_data.py VGGFace2.zip clips/ --output data/faces    # archives, clips; files, folders mixed
    python tools/prepare_data.py --synthetic 2000 --output data/faces       # generated faces of nobody
    python tools/prepare_data.py --synthetic 2000 --views 1 --output data/faces     # each seen a second time

A run that was stopped goes on with the same command; more inputs may be added later. Who does not look adult is left
out. OUTPUT/manifest.jsonl says of every input what became of it, OUTPUT/sheet.jpg shows some. See docs/data.md.
"""

import argparse
import sys

from paddle_mfs.utils.errors import UserError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "inputs", nargs="*", help="pictures, clips, archives (.zip, .tar, .tar.gz, .tgz), folders of them"
    )
    parser.add_argument("--output", required=True, help="folder of the set")
    parser.add_argument(
        "--synthetic", type=int, default=0, metavar="N", help="generate N faces; about a fifth is left out"
    )
    parser.add_argument(
        "--views", type=int, default=0, metavar="V", help="of --synthetic: V further views of each face (default 0)"
    )
    parser.add_argument("--start", type=int, default=0, help="first index of --synthetic (default 0)")
    parser.add_argument(
        "--labels",
        default="auto",
        choices=("auto", "folder", "none"),
        help="is a folder a person? (default auto: where the layout says so)",
    )
    parser.add_argument("--size", type=int, default=224, help="crop side in pixels (default 224)")
    parser.add_argument(
        "--every", type=int, default=25, metavar="N", help="look at every N-th frame of a clip (default 25)"
    )
    parser.add_argument("--best", type=int, default=8, metavar="N", help="keep at most N frames of a clip (default 8)")
    parser.add_argument("--min-face", type=float, default=80, metavar="PX", help="smallest face (default 80)")
    parser.add_argument("--min-sharpness", type=float, default=35, help="least variance of the Laplacian (default 35)")
    parser.add_argument(
        "--max-turn", type=float, default=40, metavar="DEGREES", help="largest yaw or pitch (default 40)"
    )
    parser.add_argument(
        "--min-age", type=float, default=26, help="smallest estimated age kept (default 26; below 18 is refused)"
    )
    parser.add_argument("--shard", type=int, default=1000, metavar="N", help="faces in a shard (default 1000)")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one a core; 0: none but this one)"
    )
    args = parser.parse_args()
    if not args.inputs and not args.synthetic:
        raise UserError("nothing to prepare; name pictures, clips, archives or folders, or give --synthetic N")
    if min(args.every, args.best, args.shard) < 1 or (args.workers or 0) < 0 or not 64 <= args.size <= 1024:
        raise UserError("--every, --best and --shard are 1 or more, --workers 0 or more, --size 64 to 1024")
    if args.views < 0 or (args.views and not args.synthetic):
        raise UserError(f"--views {args.views}: 0 or more further views of generated faces; give --synthetic N too")
    from paddle_mfs.data import synthetic
    from paddle_mfs.data.face_filter import Limits
    from paddle_mfs.data.prepare import Job, prepare_data, table
    from paddle_mfs.utils.cores import cores
    from paddle_mfs.utils.interrupt import StopRequest

    if args.synthetic:
        synthetic.check_indices(args.start, args.synthetic)
    limits = Limits(args.min_face, args.min_sharpness, args.max_turn, args.min_age)
    limits.check()
    job = Job(
        args.inputs,
        args.output,
        range(args.start, args.start + args.synthetic),
        args.labels,
        args.every,
        args.best,
        args.size,
        limits,
        args.shard,
        cores() if args.workers is None else args.workers,
        args.views,
    )
    with StopRequest() as request:
        counts = prepare_data(job, lambda: request.requested)
        is_stopped = request.requested
    print(table(counts))
    print(
        f"{args.output}: {counts['accepted']} faces; manifest.jsonl has the reasons, sheet.jpg shows some",
        file=sys.stderr,
    )
    if is_stopped:
        print("stopped early; the same command goes on", file=sys.stderr)
        raise KeyboardInterrupt
