"""Generate adult faces of nobody to train and test with.

    pip install --no-deps random-face==2021.7.21.1
    python tools/generate_faces.py --out faces --start 800000 --count 250

A face is a pure function of its index, which is its file name. Only faces whose estimated age is at least --min-age are
kept; a stopped run goes on where it was.
"""

import argparse
from collections import Counter

from tqdm import tqdm

from paddle_mfs.data import synthetic
from paddle_mfs.utils.errors import UserError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder for the pictures, INDEX.jpg each")
    parser.add_argument("--start", type=int, default=0, help="first generator index (default 0)")
    parser.add_argument("--count", type=int, required=True, help="how many indices to try; about a fifth is left out")
    parser.add_argument(
        "--size", type=int, default=320, help="pixels a side, 64 to 1024 (default 320, enough for a 224 crop)"
    )
    parser.add_argument(
        "--min-age",
        type=float,
        default=synthetic.MIN_ADULT_AGE,
        help=f"smallest estimated age kept (default {synthetic.MIN_ADULT_AGE}; below 18 is refused)",
    )
    parser.add_argument("--quality", type=int, default=88, help="JPEG quality (default 88)")
    args = parser.parse_args()
    synthetic.check_indices(args.start, args.count)
    if not 64 <= args.size <= 1024:
        raise UserError(f"--size {args.size}: the generator makes 64 to 1024 px")
    if not args.min_age >= 18:  # refuses nan too
        raise UserError(f"--min-age {args.min_age:g}: only adults are generated; give 18 or more")
    indices = range(args.start, args.start + args.count)
    states = synthetic.generate_faces(args.out, indices, args.size, args.min_age, args.quality)
    total = Counter(state for _, state in tqdm(states, total=args.count, unit="face", disable=None))
    print(
        f"{args.out}: {total['kept']} made, {total['exists']} were there, "
        f"{total['left out']} left out (not adult, or no face)"
    )
