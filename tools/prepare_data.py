"""The command of paddle_mfs/cli/prepare_data.py: `python tools/prepare_data.py --help`."""

from paddle_mfs.cli.prepare_data import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
