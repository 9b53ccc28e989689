"""The command of paddle_mfs/cli/train.py: `python tools/train.py --help`."""

from paddle_mfs.cli.train import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
