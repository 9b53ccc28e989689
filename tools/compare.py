"""The command of paddle_mfs/cli/compare.py: `python tools/compare.py --help`."""

from paddle_mfs.cli.compare import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
