"""Put the face of one picture on other pictures and clips, or give each person in them the face meant for them.

python tools/swap.py --source samples/source.jpg --target samples/target.jpg
python tools/swap.py --source samples/source.jpg --target samples/faces --strength 0.7 --skip-existing
python tools/swap.py --source a.jpg b.jpg --target "holiday/**/*.jpg" --face all --keep-mouth
python tools/swap.py --map anna.jpg=a.jpg --map ben.jpg=b.jpg --target party.mp4
"""

import argparse

from paddle_mfs.cli._arguments import (
    add_clip_arguments,
    add_source_arguments,
    add_swap_arguments,
    add_target_arguments,
    clip_options,
    make_signer,
    make_swapper,
    read_options,
)
from paddle_mfs.utils.errors import UserError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Every output carries its provenance: synthetic, from what, by what weights.",
    )
    add_source_arguments(
        parser, nargs="+", help="picture of the face to put on; of several, each makes outputs of its own"
    )
    parser.add_argument(
        "--same-person", action="store_true", help="the sources show one person: what the encoder sees is averaged"
    )
    add_target_arguments(parser, "TARGET_SOURCE.png, of a folder output/FOLDER_SOURCE/")
    parser.add_argument("--compare", action="store_true", help="write source | target | result side by side")
    parser.add_argument(
        "--sign",
        nargs=2,
        metavar=("CERT", "KEY"),
        help="sign outputs (C2PA) with a certificate chain and its private key, two PEM files; wants the extra c2pa",
    )
    add_swap_arguments(parser)
    add_clip_arguments(parser)
    return parser.parse_args()


def main() -> int:
    args = arguments()
    from paddle_mfs.apps.batch import swap_all, table
    from paddle_mfs.apps.plan import plan

    mapped, options = read_options(args)
    if mapped and args.compare:
        raise UserError("--compare shows one source beside its results; with --map leave it out")
    if args.same_person and not args.source:
        raise UserError("--same-person: is said of several --source; leave it out with --map")
    clips = clip_options(args)
    sources = args.source or []
    named = sources[:1] if args.same_person else sources  # those that make outputs of their own
    jobs = plan(named, args.target, args.output, [*sources, *mapped, *mapped.values()])
    signer = make_signer(args, [job.output for job in jobs if not job.status])
    swapper = make_swapper(args, mapped or (sources if args.same_person else sources[0]), options)
    swapper.signer = signer
    swap_all(swapper, jobs, args.face, args.compare, args.skip_existing, clip_options=clips)
    print(jobs[0].output if len(jobs) == 1 else table(jobs))
    return 1 if any(job.status == "failed" for job in jobs) else 0
