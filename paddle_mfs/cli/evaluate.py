"""Score face swaps on pairs of faces: by a protocol, or a swap network beside no swap and the mesh teacher.

    python tools/evaluate.py -c configs/evaluate/heldout.yml --method ours mesh none --output output/heldout.json

A protocol (configs/evaluate, docs/evaluation.md) measures any number of methods with every metric; beside the JSON lie
the same as Markdown and a contact sheet, heldout.md and heldout.jpg. Without -c it is the short report that cards hold:

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
from paddle_mfs.utils.files import atomic_path, write_json
from paddle_mfs.weights import bundled

SHORT = ("baselines_only", "faces", "pairs", "worst_sheet", "update_card")  # options that the short report alone has


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="swap network (.pdparams); default the bundled mfs_224")
    parser.add_argument(
        "--encoder", help="identity encoder the weights were trained with (.pdparams); default the bundled one"
    )
    parser.add_argument("--size", type=int, help="crop the network sees (default 224); metrics are taken at 224")
    parser.add_argument("--output", help="write the report as JSON (with -c: default output/evaluate/NAME.json)")
    parser.add_argument("--sheet", help="draw source | target | teacher | result of the first 12 pairs as a picture")
    protocol = parser.add_argument_group("by a protocol")
    protocol.add_argument("-c", "--config", metavar="YAML", help="the protocol, such as configs/evaluate/heldout.yml")
    protocol.add_argument(
        "-o",
        "--override",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, for instance -o pairs.count=20; may be repeated",
    )
    protocol.add_argument(
        "--method",
        nargs="+",
        metavar="NAME",
        help="ours, weights:FILE (another network), mesh, none, simswap or folder:DIR (pictures SOURCE__TARGET.png); "
        "--weights and --encoder are those of simswap where it is named and ours is not",
    )
    short = parser.add_argument_group("the short report")
    short.add_argument(
        "--baselines-only", action="store_true", help="score no swap and the mesh teacher, without a network"
    )
    short.add_argument(
        "--faces",
        nargs="+",
        help="folders with pairs.json, or of such folders (default samples/heldout)",
    )
    short.add_argument("--pairs", type=int, help="only the first N pairs of each set")
    short.add_argument("--worst-sheet", help="draw the tenth of the pairs that is farthest from its sources likewise")
    short.add_argument(
        "--update-card", action="store_true", help="put the scores of samples/heldout into the card beside the weights"
    )
    args = parser.parse_args()
    if args.config:
        _protocol(args)
    else:
        _short(args)


def _protocol(args: argparse.Namespace) -> None:
    for name in SHORT:
        if getattr(args, name):
            raise UserError(
                f"--{name.replace('_', '-')}: is of the short report; leave it out, or -c (settings: {args.config})"
            )
    from tqdm import tqdm

    from paddle_mfs.engine.study import load_protocol, run, tell_failures
    from paddle_mfs.face.image import check_suffix
    from paddle_mfs.metrics.sheet import write_sheet
    from paddle_mfs.metrics.summary import markdown

    overrides = list(args.override)
    if args.method:
        overrides.append("methods=[" + ", ".join(f'"{name}"' for name in args.method) + "]")
    whose = "simswap" if "simswap" in (args.method or ()) and "ours" not in args.method else "ours"
    overrides += [f"{whose}.{key}={value}" for key in ("weights", "encoder") if (value := getattr(args, key))]
    if args.size:
        overrides.append(f"ours.size={args.size}")
    config, name = load_protocol(args.config, overrides), Path(args.config).stem
    output = Path(args.output or f"output/evaluate/{name}.json")
    sheet = Path(args.sheet or output.with_suffix(".jpg"))
    check_suffix(sheet)
    if output.suffix != ".json":
        raise UserError(f"--output {output}: the report is JSON, with Markdown and a sheet beside it; end it in .json")
    report, rows = run(config, name, lambda files: tqdm(files, desc=name, unit="pair", disable=None))
    write_json(output, report)
    with atomic_path(output.with_suffix(".md")) as temporary:
        temporary.write_text(markdown(report), encoding="utf-8")
    write_sheet(sheet, rows)
    print(markdown(report))
    tell_failures(report)


def _short(args: argparse.Namespace) -> None:
    for name in ("method", "override"):
        if getattr(args, name):
            raise UserError(f"--{name}: is of a protocol; name that, too, -c configs/evaluate/heldout.yml")
    if args.baselines_only and (args.weights or args.encoder or args.update_card):
        raise UserError("--baselines-only: scores no network; leave out --weights, --encoder and --update-card")
    weights = None if args.baselines_only else args.weights or bundled("mfs_224")
    from tqdm import tqdm

    from paddle_mfs.face.image import check_suffix
    from paddle_mfs.metrics.crop import MEASURED_SIZE
    from paddle_mfs.metrics.evaluate import evaluate
    from paddle_mfs.metrics.network_swap import NetworkSwap
    from paddle_mfs.metrics.pairs import load_sets
    from paddle_mfs.metrics.report import PLAIN, check_card, report_text, sets_text, update_card, worst
    from paddle_mfs.metrics.sheet import SHOWN, write_sheet

    sets = load_sets(args.faces or ["samples/heldout"], args.pairs)
    if weights and args.update_card:
        check_card(weights)
        if PLAIN not in sets:
            raise UserError(f"--update-card: a card holds the scores of a set named {PLAIN}; give it in --faces, too")
    for sheet in filter(None, (args.sheet, args.worst_sheet)):
        check_suffix(sheet)
    size = MEASURED_SIZE if args.size is None else args.size
    swap = None if weights is None else NetworkSwap(weights, size, args.encoder)
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
