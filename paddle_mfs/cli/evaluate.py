"""Score a swap network on pairs of held-out faces, beside no swap and the mesh teacher.

    python tools/evaluate.py --weights weights/mfs_224.pdparams --faces samples/heldout \\
        --output report.json --sheet sheet.png

FACES is a folder with pairs.json ({"pairs": [[source, target], ...]}) and the pictures it names.
"""

import argparse

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
    parser.add_argument("--faces", default="samples/heldout", help="folder with pairs.json (default samples/heldout)")
    parser.add_argument("--pairs", type=int, help="only the first N pairs")
    parser.add_argument(
        "--size", type=int, default=224, help="crop the network sees (default 224); metrics are taken at 224"
    )
    parser.add_argument("--output", help="write the report as JSON")
    parser.add_argument("--sheet", help="draw source | target | teacher | result of the first 12 pairs as a picture")
    parser.add_argument("--update-card", action="store_true", help="put the scores into the card beside the weights")
    args = parser.parse_args()
    if args.baselines_only and (args.weights or args.encoder or args.update_card):
        raise UserError("--baselines-only: scores no network; leave out --weights, --encoder and --update-card")
    weights = None if args.baselines_only else args.weights or bundled("mfs_224")
    from tqdm import tqdm

    from paddle_mfs.face.image import check_suffix
    from paddle_mfs.metrics.evaluate import evaluate
    from paddle_mfs.metrics.network_swap import NetworkSwap
    from paddle_mfs.metrics.pairs import load_pairs
    from paddle_mfs.metrics.report import check_card, report_text, update_card
    from paddle_mfs.metrics.sheet import write_sheet

    if weights and args.update_card:
        check_card(weights)
    if args.sheet:
        check_suffix(args.sheet)
    pairs = load_pairs(args.faces, args.pairs)
    swap = None if weights is None else NetworkSwap(weights, args.size, args.encoder)
    report, rows = evaluate(pairs, swap, progress_bar=lambda files: tqdm(files, unit="pair", disable=None))
    print(report_text(report))
    if args.output:
        write_json(args.output, report)
    if args.sheet:
        write_sheet(args.sheet, rows)
    if weights and args.update_card:
        update_card(weights, report)
