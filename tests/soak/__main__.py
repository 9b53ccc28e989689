"""Random inputs through the real tool: each must become a right result or one line.

python -m tests.soak                       # 200 cases; `make soak` does this
python -m tests.soak --seed 7 --only 31    # one of them again
"""

import argparse
import sys
import time
from pathlib import Path

from tests.soak.run import soak, work


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only", type=int, nargs="+", help="numbers of the cases to run")
    parser.add_argument("--keep", help="a new folder for the files of cases that end wrongly")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work()
        return 0
    if args.keep:
        Path(args.keep).mkdir(parents=True)
    begun = time.monotonic()
    numbers = args.only or list(range(args.count))
    kept = Path(args.keep) if args.keep else None
    outcomes, failures = soak(args.seed, numbers, kept, lambda text: print(text, flush=True))
    parts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"seed {args.seed}, {len(numbers)} cases: {parts}; {len(failures)} wrong, {time.monotonic() - begun:.0f} s")
    return 1 if failures else 0


sys.exit(main())
