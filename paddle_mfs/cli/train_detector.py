"""Check a set of tools/make_forensics_set.py: train a small detector on it, print its AUC on people it has not seen.

    python tools/train_detector.py data/forensics
    python tools/train_detector.py data/forensics --output output/detector.json

A logistic regression on the frequencies of the face, not a detector to rely on. See docs/forensics.md.
"""

import argparse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", help="folder made by tools/make_forensics_set.py")
    parser.add_argument("--output", metavar="JSON", help="write the report there, too")
    args = parser.parse_args()
    from paddle_mfs.engine.detector import train_detector
    from paddle_mfs.utils.files import write_json
    from paddle_mfs.utils.table import text_table

    report = train_detector(args.set)

    def shown(found):
        if found["low"] is None:
            return f"{found['value']:.3f}", ""
        return f"{found['value']:.3f}", f"{found['low']:.3f} to {found['high']:.3f}"

    print(text_table(["", "AUC", "95 % interval"], [(rung, *shown(found)) for rung, found in report["auc"].items()]))
    for split in ("train", "val", "test"):
        print(f"{split}: {report['pairs'][split]} pairs, {report['people'][split]} people as targets")
    if args.output:
        write_json(args.output, report)
