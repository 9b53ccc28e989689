"""Let a teacher answer beforehand: random pairs of prepared faces and its pictures of them, for `data.pairs`.

    python tools/make_pairs.py -c configs/distill.yml --output data/pairs --count 100000
    python tools/make_pairs.py -c configs/distill.yml -o data.faces=data/faces --output data/pairs --count 90000

Faces, crop size, teacher and seed are those of the config, and so are the faces with glasses, which are no sources. A
run that was stopped goes on with the same command, and a larger --count adds to a set. Every picture carries its
provenance. See docs/data.md.
"""

import argparse

from paddle_mfs.cli._arguments import add_config_arguments
from paddle_mfs.utils.errors import UserError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument("--output", required=True, help="folder of the set")
    parser.add_argument("--count", type=int, required=True, help="pairs to have in the end")
    parser.add_argument("--targets", type=int, default=4, metavar="N", help="targets for each source (default 4)")
    parser.add_argument("--shard", type=int, default=1000, metavar="N", help="pairs in a shard (default 1000)")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one a core; 0: none but this one, for a teacher on a GPU)",
    )
    args = parser.parse_args()
    if min(args.count, args.targets, args.shard) < 1 or (args.workers or 0) < 0:
        raise UserError("--count, --targets and --shard are 1 or more, --workers 0 or more")
    from paddle_mfs.data.make_pairs import PairJob, make_pairs
    from paddle_mfs.utils.config import load_config
    from paddle_mfs.utils.cores import cores

    config = load_config(args.config, args.override)
    workers = cores() if args.workers is None else args.workers
    job = PairJob(
        config.data.faces,
        args.output,
        config.teacher.to_dict(),
        args.count,
        args.targets,
        config.data.size,
        config.run.seed,
        args.shard,
        workers,
        config.data.glasses,
    )
    count = make_pairs(job)
    print(f"{args.output}: {count} pairs")
