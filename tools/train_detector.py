"""The command of paddle_mfs/cli/train_detector.py: `python tools/train_detector.py --help`."""

from paddle_mfs.cli.train_detector import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
