"""Make a set of real and swapped pictures for detectors, split by people, in shards.

    python tools/make_forensics_set.py -c configs/forensics.yml                            # of bundled made-up people
    python tools/make_forensics_set.py -c configs/forensics.yml -o faces.path=photos -o faces.generated=false
    python tools/make_forensics_set.py -c configs/forensics.yml -o "ladder.h264=[23, 32, 40]"  # short clips besides

A run that was stopped goes on with the same command. Every picture carries its provenance. See docs/forensics.md.
"""

import argparse

from paddle_mfs.cli._arguments import add_config_arguments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser, "configs/forensics.yml")
    args = parser.parse_args()
    from paddle_mfs.data.forensics import make_forensics_set
    from paddle_mfs.engine.settings import Rule, at_least, file_or, load_checked
    from paddle_mfs.swap.options import SwapOptions
    from paddle_mfs.utils.table import text_table

    def whole_numbers(key, low, high):
        def holds(values):
            return len(set(values)) == len(values) and all(type(one) is int and low <= one <= high for one in values)

        return Rule(key, holds, f"a list of different whole numbers from {low} to {high}")

    rules = (
        Rule("faces.side", lambda value: value == 0 or value >= 64, "0 or at least 64"),
        at_least("faces.min_age", 18),
        Rule(
            "splits",
            lambda shares: min(shares.values()) >= 0 and abs(sum(shares.values()) - 1) < 1e-6,
            "shares of at least 0 that are 1 together",
        ),
        at_least("sources", 1),
        file_or("swap.weights", None),
        file_or("swap.encoder", None),
        whole_numbers("ladder.jpeg", 1, 100),
        whole_numbers("ladder.h264", 0, 51),
        Rule("ladder.frames", lambda value: 1 <= value <= 32, "from 1 to 32"),
        at_least("run.shard", 1),
        Rule("run.workers", lambda value: value is None or type(value) is int and value >= 0, "null or at least 0"),
        at_least("run.seed", 0),
    )
    config = load_checked(args.config, args.override, rules)
    SwapOptions(**config.swap.options)  # refuses what cannot be
    found = make_forensics_set(config)
    rows = [(split, counts["people"], counts["pairs"], counts["left out"]) for split, counts in found.items()]
    print(text_table(["", "people", "pairs", "left out"], rows))
    print(f"{config.run.output}: the manifest.jsonl of each split has the reasons")
