"""Score a swap network on pairs of held-out faces, beside no swap and the mesh teacher.

    python tools/evaluate.py --weights weights/mfs_224.pdparams --faces samples/heldout \\
        --output report.json --sheet sheet.png

FACES is a set: a folder with pairs.json ({"pairs": [[source, target], ...]}) and the pictures it names. Several sets,
or a folder of sets, are scored in turn, and one table has a row for each:

    python tools/evaluate.py --faces samples/heldout samples/hard --worst-sheet output/worst.jpg

Sheets then have the set's name, worst_covered.jpg; the report is {"sets": {name: report}}.
"""

import argparse
from pathlib import Path

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import write_json
from paddle_mfs.weights import bundled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="swap network (.pdparams); default the bundled mfs_224")
    parser.add_argument(
        "--encoder", help="identity encoder the weights were trained with (.pdparams); default the bundled one"
    )
    parser.add_argument(
        "--baselines-only", action="store_true", help="score no swap and the mesh teacher, without a network"
    )
    parser.add_argument(
        "--faces",
        nargs="+",
        default=["samples/heldout"],
        help="folders with pairs.json, or of such folders (default samples/heldout)",
    )
    parser.add_argument("--pairs", type=int, help="only the first N pairs of each set")
    parser.add_argument(
        "--size", type=int, default=224, help="crop the network sees (default 224); metrics are taken at 224"
    )
    parser.add_argument("--output", help="write the report as JSON")
    parser.add_argument("--sheet", help="draw source | target | teacher | result of the first 12 pairs as a picture")
    parser.add_argument("--worst-sheet", help="draw the tenth of the pairs that is farthest from its sources likewise")
    parser.add_argument(
        "--update-card", action="store_true", help="put the scores of samples/heldout into the card beside the weights"
    )
    args = parser.parse_args()
    if args.baselines_only and (args.weights or args.encoder or args.update_card):
        raise UserError("--baselines-only: scores no network; leave out --weights, --encoder and --update-card")
    weights = None if args.baselines_only else args.weights or bundled("mfs_224")
    from tqdm import tqdm

    from paddle_mfs.face.image import check_suffix
    from paddle_mfs.metrics.evaluate import evaluate
    from paddle_mfs.metrics.network_swap import NetworkSwap
    from paddle_mfs.metrics.pairs import load_sets
    from paddle_mfs.metrics.report import PLAIN, check_card, report_text, sets_text, update_card, worst
    from paddle_mfs.metrics.sheet import SHOWN, write_sheet

    sets = load_sets(args.faces, args.pairs)
    if weights and args.update_card:
        check_card(weights)
        if PLAIN not in sets:
            raise UserError(f"--update-card: a card holds the scores of a set named {PLAIN}; give it in --faces, too")
    for sheet in filter(None, (args.sheet, args.worst_sheet)):
        check_suffix(sheet)
    swap = None if weights is None else NetworkSwap(weights, args.size, args.encoder)
    reports = {}
    for name, pairs in sets.items():
        report, rows = evaluate(pairs, swap, lambda files: tqdm(files, desc=name, unit="pair", disable=None))
        reports[name] = report
        for sheet, shown in ((args.sheet, rows[:SHOWN]), (args.worst_sheet, [rows[pair] for pair in worst(report)])):
            if sheet:
                path = Path(sheet)
                write_sheet(path.with_stem(f"{path.stem}_{name}") if len(sets) > 1 else path, shown)
    print(report_text(report) if len(sets) == 1 else sets_text(reports))
    if args.output:
        write_json(args.output, report if len(sets) == 1 else {"sets": reports})
    if weights and args.update_card:
        update_card(weights, reports[PLAIN])
