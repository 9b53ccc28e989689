"""Results of two or three methods in the browser: a slider between them, where they differ most first.

    python tools/compare.py output/ours output/theirs                       # -> output/compare.html
    python tools/compare.py before.png after.png --output output/one.html

Pictures of one name (less the suffix) belong together. The page is one file, works without a network and can be passed
on; its pictures keep their provenance, and say nothing of where they were taken.
"""

import argparse
import sys
from pathlib import Path

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.numbers import check_number


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", help="folder of pictures, or a picture")
    parser.add_argument("b", help="the same of another method")
    parser.add_argument("c", nargs="?", help="the same of a third one")
    parser.add_argument("--output", default="output/compare.html", help="the page (default: output/compare.html)")
    parser.add_argument(
        "--face",
        action="store_true",
        help="measure in the oval of the face, where there is one (default: the whole picture)",
    )
    parser.add_argument(
        "--max-mb",
        type=float,
        default=60,
        help="a page that would be larger has its pictures in a folder beside it; 0: always (default: 60)",
    )
    return parser.parse_args()


def main() -> int:
    args = arguments()
    check_number("--max-mb", args.max_mb, 0)
    output = Path(args.output)
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--output {output}: the page is HTML; end its name in .html")
    from tqdm import tqdm

    from paddle_mfs.apps.compare.items import look_at
    from paddle_mfs.apps.compare.page import write_page
    from paddle_mfs.apps.compare.sets import match

    sets = match([place for place in (args.a, args.b, args.c) if place is not None])
    analyser = None
    if args.face:
        from paddle_mfs.face.analysis import FaceAnalyser

        analyser = FaceAnalyser()
    items, left_out = [], []
    for name, files in tqdm(sets.found.items(), unit="name", disable=None):
        try:
            items.append(look_at(name, files, analyser))
        except UserError as error:
            left_out.append(str(error))
    if not items:
        raise UserError(left_out[0] + (f" (and {len(left_out) - 1} more like it)" if len(left_out) > 1 else ""))
    beside = write_page(output, sets.labels, items, left_out, args.max_mb)
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)
    scaled = sum(len(set(item.sizes)) > 1 for item in items)
    print(f"{output}: {sets.told()}" + (f"; {scaled} of mixed sizes, shown scaled to the first" if scaled else ""))
    if beside:
        print(f"{beside}: the pictures, which would make the page larger than {args.max_mb:g} MB; keep both together")
    return 1 if left_out else 0
