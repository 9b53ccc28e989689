"""The command of paddle_mfs/cli/train_quality.py: `python tools/train_quality.py --help`."""

from paddle_mfs.cli.train_quality import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
