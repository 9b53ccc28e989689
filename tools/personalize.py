"""The command of paddle_mfs/cli/personalize.py: `python tools/personalize.py --help`."""

from paddle_mfs.cli.personalize import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
