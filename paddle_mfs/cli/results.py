"""Make docs/results.md: the bundled networks beside others, whom they serve worst, and what each part of the method is
worth.

    python tools/results.py                                      # everything, hours of training included
    python tools/results.py -o 'ablations.settings=["data.faces=photos"]'
    python tools/results.py -o ablations.configs=[]              # minutes: no ablations
    python tools/results.py -o count=20 --output output/results.md

Every setting is commented in configs/results.yml. Trainings that were stopped go on, and finished ones are not run
again. Pictures lie beside the page, in a folder of its name.
"""

import argparse
import shlex
import sys
from pathlib import Path

from paddle_mfs.cli._arguments import add_override_argument
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, write_json

SHOWN = 6  # pairs in the page's pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", default="configs/results.yml", help="settings (default configs/results.yml)")
    add_override_argument(parser, "change one setting; repeatable")
    parser.add_argument("--output", default="docs/results.md", help="the page (default docs/results.md)")
    parser.add_argument("--reports", default="output/results", help="folder of the JSON (default output/results)")
    args = parser.parse_args()
    output = Path(args.output)
    if output.suffix != ".md":
        raise UserError(f"--output {output}: the page is Markdown; end it in .md")
    from tqdm import tqdm

    from paddle_mfs.engine.results import Results, load_results
    from paddle_mfs.engine.results_page import page
    from paddle_mfs.engine.study import tell_failures
    from paddle_mfs.metrics.sheet import write_sheet
    from paddle_mfs.ops import threads
    from paddle_mfs.utils.cores import cores
    from paddle_mfs.utils.resources import find

    results = Results(
        load_results(find(args.config), args.override),
        lambda name: lambda files: tqdm(files, desc=name, unit="pair", disable=None),
    )

    def kept(name, study):
        report, rows = study
        tell_failures(report)
        write_json(Path(args.reports) / f"{name}.json", report)
        if name != "groups":  # its first pairs are those of the networks
            write_sheet(output.parent / output.stem / f"{name}.jpg", rows[:SHOWN], quality=85)
        return report

    networks, groups = kept("networks", results.networks()), kept("groups", results.groups())
    threads.keep_pages()
    threads.use_threads(max(1, cores() - 1))
    ablations, trained = None, None
    if (made := results.ablations()) is not None:
        ablations, trained = kept("ablations", made[0]), made[1]
    command = shlex.join(["python", "tools/results.py", *sys.argv[1:]])
    text = page(command, output.stem, networks, groups, ablations, trained)
    with atomic_path(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{output}: written")
