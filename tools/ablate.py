"""The command of paddle_mfs/cli/ablate.py: `python tools/ablate.py --help`."""

from paddle_mfs.cli.ablate import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
