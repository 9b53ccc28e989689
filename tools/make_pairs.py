"""The command of paddle_mfs/cli/make_pairs.py: `python tools/make_pairs.py --help`."""

from paddle_mfs.cli.make_pairs import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
