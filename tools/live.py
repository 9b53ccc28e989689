"""The command of paddle_mfs/cli/live.py: `python tools/live.py --help`."""

from paddle_mfs.cli.live import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
