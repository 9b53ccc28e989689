"""Give every person in pictures and clips a made-up face of their own; who cannot get one is blurred.

python tools/anonymise.py --target street.mp4
python tools/anonymise.py --target interviews --key key.json --check
"""

import argparse

from paddle_mfs.cli._arguments import add_clip_arguments, add_network_arguments, add_target_arguments, clip_options


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Only faces that are found are hidden; voice, body, clothes and place remain: look at what comes out.",
    )
    add_target_arguments(parser, "TARGET_anonymised.png, of a folder output/FOLDER_anonymised/")
    parser.add_argument(
        "--key",
        metavar="FILE.json",
        help="keep who has which face, so that they have it in later runs too; PERSONAL DATA (default: not kept)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare each painted face with the original by a recogniser, blur whom it still recognises, report",
    )
    parser.add_argument("--seed", type=int, help="of the choice of faces (default: the key's, or random)")
    parser.add_argument("--badge", action="store_true", help='show a small "AI-swapped" in the lower right corner')
    add_network_arguments(parser)
    clips = add_clip_arguments(parser)
    clips.add_argument("--no-sound", action="store_true", help="leave sound and subtitles out (default: kept)")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    from paddle_mfs.apps.batch import swap_all, table
    from paddle_mfs.apps.plan import plan
    from paddle_mfs.swap.anonymiser import Anonymiser
    from paddle_mfs.utils.numbers import check_number

    if args.seed is not None:
        check_number("--seed", args.seed, 0)
    options = clip_options(args, sound=not args.no_sound)
    jobs = plan([], args.target, args.output, [args.key] if args.key else [], "anonymised")
    check = _check() if args.check else None
    anonymiser = Anonymiser(args.key, args.seed, check, args.weights, args.encoder, args.engine)
    anonymiser.badge = args.badge
    try:
        swap_all(anonymiser, jobs, "all", skip_existing=args.skip_existing, clip_options=options)
    finally:
        if anonymiser.tally.frames:
            print(_report(anonymiser))
    print(jobs[0].output if len(jobs) == 1 else table(jobs))
    return 1 if any(job.status == "failed" for job in jobs) else 0


def _check():
    """The bundled recogniser that no training has seen."""
    from paddle_mfs.metrics.identity import SAME_PERSON_DISTANCE, Recogniser, distance
    from paddle_mfs.swap.anonymiser import Check

    recogniser = Recogniser()

    def between(before, after, five):
        first, second = recogniser.descriptors([before, after], [five, five])
        return float(distance(first, second))

    return Check(between, SAME_PERSON_DISTANCE, recogniser.name)


def _report(anonymiser) -> str:
    """What was done, in a sentence; with a check a table of the people too."""
    from paddle_mfs.utils.table import word_table

    check, lines = anonymiser.check, [f"{anonymiser.tally}"]
    if check and anonymiser.tally.distances:
        rows: list[tuple[str, ...]] = [
            (str(number), str(len(each)), f"{sum(each) / len(each):.2f}", f"{min(each):.2f}", _verdict(each, check))
            for number, each in sorted(anonymiser.tally.distances.items())
        ]
        lines += [word_table(("person", "checked", f"mean {check.name} distance", "least", ""), rows)]
    return "\n".join(lines)


def _verdict(distances, check):
    is_hidden = min(distances) < check.least
    return f"recognised (below {check.least}): blurred from there on" if is_hidden else "not recognised"
