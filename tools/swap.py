"""The command of paddle_mfs/cli/swap.py: `python tools/swap.py --help`."""

from paddle_mfs.cli.swap import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
