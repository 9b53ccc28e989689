"""The command of paddle_mfs/cli/results.py: `python tools/results.py --help`."""

from paddle_mfs.cli.results import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
