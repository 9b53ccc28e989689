"""Train several configs for the same number of steps and compare them in one table and one picture.

    python tools/ablate.py configs/ablations/*.yml
    python tools/ablate.py configs/ablations/full.yml configs/ablations/no_identity.yml --steps 2000

Writes <output>/table.md, table.csv and sheet.png (a row a config, the same held-out pairs), and each run in a folder of
its own. Started again with the same arguments it skips what is finished and goes on with what is not.
"""

import argparse

from paddle_mfs.cli._arguments import add_override_argument


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="YAML files, see configs/ablations")
    parser.add_argument("--steps", type=int, help="steps of each run (default: the configs' own)")
    parser.add_argument("--output", default="output/ablations", help="folder (default output/ablations)")
    add_override_argument(parser, "change one setting of all of them; repeatable")
    parser.add_argument("--faces", default="samples/heldout", help="folder of held-out pairs (default samples/heldout)")
    parser.add_argument("--pairs", type=int, default=20, help="how many of them are measured (default 20)")
    args = parser.parse_args()
    from paddle_mfs.engine.ablation import run_configs
    from paddle_mfs.ops import threads
    from paddle_mfs.utils.cores import cores

    threads.keep_pages()
    threads.use_threads(max(1, cores() - 1))
    run_configs(args.configs, args.steps, args.output, args.override, args.faces, args.pairs)
    print(f"{args.output}/table.md, table.csv, sheet.png: {len(args.configs)} configs")
