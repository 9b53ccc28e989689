"""Write golden vectors: what this package does to sample pictures and a clip, for the core in C++ to be tested with.

python tools/export_golden.py --output output/golden
"""

import argparse

from paddle_mfs.utils.resources import resource


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="output/golden", help="folder to write (default: output/golden)")
    parser.add_argument(
        "--source",
        default=resource("samples/source.jpg"),
        help="picture of the identity to put on (default: samples/source.jpg)",
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    from paddle_mfs.export.golden import export_golden

    for case, count in export_golden(args.output, args.source).items():
        print(f"{case}: {count} arrays")
    print(f"written to {args.output}")
